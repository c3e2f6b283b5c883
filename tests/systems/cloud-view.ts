import { z } from "zod";
import { loadStack } from "../../infra/stack.ts";

/** A service in the local cloud. */
export interface ServiceView {
  readonly id: string;
  readonly ownerId: string;
  /** Its address on this machine. */
  readonly url: string;
  /** The token of its /ops; empty without one. */
  readonly opsToken: string;
}

/** A client of the local cloud's public interfaces. */
export interface CloudView {
  /** A service or a cron job by its key in the spec. */
  service(stack: string, key: string): Promise<ServiceView>;
  passTime(seconds: number): Promise<void>;
  /** The value of a service's variable; empty when it is not set. */
  variable(service: Pick<ServiceView, "id">, name: string): Promise<string>;
  /** The newest 100 lines that contain the text, oldest first. */
  logs(service: Pick<ServiceView, "id" | "ownerId">, text: string): Promise<string[]>;
  diskId(service: Pick<ServiceView, "id">): Promise<string>;
  /** The external address of a Postgres or Redis, by its name on Render. */
  storeUrl(kind: "postgres" | "key-value", name: string): Promise<string>;
}

const Service = z.object({
  id: z.string(),
  ownerId: z.string(),
  name: z.string(),
  slug: z.string(),
  type: z.string(),
});
const Listed = z.array(z.object({ service: Service }));
const Logs = z.object({ logs: z.array(z.object({ message: z.string() })) });
const Disks = z.array(z.object({ disk: z.object({ id: z.string(), serviceId: z.string() }) }));
const Stores = z.array(
  z.record(z.string(), z.unknown()).transform((item) => {
    const { postgres, keyValue } = item;
    return z.object({ id: z.string(), name: z.string() }).parse(postgres ?? keyValue);
  }),
);
const Connection = z.object({ externalConnectionString: z.string() });
const Variable = z.object({ value: z.string() });

/** Maximum number of lines in one answer. @see https://api-docs.render.com/reference/list-logs */
const LINES_MAX = 100;

const BEGINNING = "2020-01-01T00:00:00Z";

/** Creates a client of the local cloud at these addresses. */
export function cloudView(urls: {
  readonly render: string;
  readonly local: string;
  readonly token: string;
}): CloudView {
  const ask = async (path: string): Promise<Response> =>
    fetch(`${urls.render}${path}`, { headers: { authorization: `Bearer ${urls.token}` } });
  const variable: CloudView["variable"] = async ({ id }, name) => {
    const answer = await ask(`/services/${id}/env-vars/${name}`);
    return answer.ok ? Variable.parse(await answer.json()).value : "";
  };
  return {
    variable,
    service: async (stack, key) => {
      const name = nameOf(stack, key);
      const all = Listed.parse(await (await ask("/services?limit=100")).json());
      const found = all.find(({ service }) => service.name === name)?.service;
      if (!found) throw new Error(`${stack}: the cloud has no service ${name}`);
      const opsToken = await variable(found, "OPSPEC_OPS_TOKEN");
      return { ...found, url: await addressOf(urls.local, found), opsToken };
    },
    passTime: async (advanceSeconds) => {
      await fetch(`${urls.local}/clock`, {
        method: "POST",
        body: JSON.stringify({ advanceSeconds }),
      });
    },
    logs: async ({ id, ownerId }, text) => {
      // Tests advance the clock by hours, and by default an answer has the last hour only.
      const query = { ownerId, resource: id, limit: LINES_MAX, text, startTime: BEGINNING };
      const { logs } = Logs.parse(await (await ask(`/logs?${queryText(query)}`)).json());
      return logs.map(({ message }) => message).toReversed();
    },
    diskId: async ({ id }) => {
      const disks = Disks.parse(await (await ask("/disks?limit=100")).json());
      const disk = disks.find((it) => it.disk.serviceId === id)?.disk;
      if (!disk) throw new Error(`the service ${id} has no disk`);
      return disk.id;
    },
    storeUrl: async (kind, name) => {
      const all = Stores.parse(await (await ask(`/${kind}?limit=100`)).json());
      const found = all.find((it) => it.name === name);
      if (!found) throw new Error(`the cloud has no ${kind} ${name}`);
      const info = await (await ask(`/${kind}/${found.id}/connection-info`)).json();
      return Connection.parse(info).externalConnectionString;
    },
  };
}

function queryText(query: Readonly<Record<string, string | number>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return search.toString();
}

/** The name on Render for a key of the spec. */
function nameOf(stack: string, key: string): string {
  const { services, jobs } = loadStack(stack).model;
  const found = [...services, ...jobs].find((it) => it.key === key);
  if (!found) throw new Error(`${stack}: the spec has no service or cron job ${key}`);
  return found.name;
}

async function addressOf(local: string, { slug }: z.infer<typeof Service>): Promise<string> {
  const answer = await fetch(`${local}/addresses`);
  const addresses = z.record(z.string(), z.string()).parse(await answer.json());
  const found = Object.entries(addresses).find(([origin]) => {
    const { hostname } = new URL(origin);
    return hostname === slug || hostname === `${slug}.onrender.com`;
  });
  return found?.[1] ?? "";
}
