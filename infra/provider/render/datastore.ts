import { setTimeout as sleep } from "node:timers/promises";
import { type Json, RenderError, memberAt, textOf } from "./answer.ts";
import { ALLOW_LIST, type BodyFields } from "./body-fields.ts";
import type { RenderCall } from "./service-place.ts";
import { withinLimit } from "./waiting.ts";

/** The common fields of Postgres and Key Value instances. */
export const DATASTORE_FIELDS: BodyFields = {
  name: { write: ["name"] },
  ownerId: { write: ["ownerId"], read: ["owner", "id"], createOnly: true },
  region: { write: ["region"], createOnly: true },
  plan: { write: ["plan"] },
  environmentId: { write: ["environmentId"], createOnly: true },
  ipAllowList: ALLOW_LIST,
};

/** An instance and its connection strings. */
export interface Connection {
  readonly record: Json;
  readonly info: Json;
}

/** Reads both. */
export async function connectionOf(
  path: string,
  { client, signal }: RenderCall,
): Promise<Connection> {
  const ask = async (at: string): Promise<Json> =>
    (await client.request({ method: "GET", path: at, doing: `read ${at}`, signal })).body;
  const [record, info] = await Promise.all([ask(path), ask(`${path}/connection-info`)]);
  return { record, info };
}

/** The common outputs. */
export function connectionOutputs({ record, info }: Connection) {
  const said = (key: string): string => textOf(memberAt(info, [key]), key);
  return {
    internalUrl: said("internalConnectionString"),
    externalUrl: said("externalConnectionString"),
    dashboardUrl: dashboardUrlOf(record),
  };
}

/** The page in the dashboard. Render does not tell it for a Key Value, whose path is `/r/<id>`. */
function dashboardUrlOf(record: Json): string {
  const told = memberAt(record, ["dashboardUrl"]);
  if (told !== undefined) return textOf(told, "dashboardUrl");
  return `https://dashboard.render.com/r/${textOf(memberAt(record, ["id"]), "id")}`;
}

/** Poll interval: each wait is longer than the previous one, up to the last. */
const POLL_GROWTH = 1.5;
const POLL_LAST_MS = 15_000;

/** States from which it cannot become available. */
const STUCK: ReadonlySet<unknown> = new Set(["unavailable", "recovery_failed"]);

/**
 * Waits until an instance is available. A suspended one is not waited for.
 *
 * @throws with Render's status when it fails or takes too long
 */
export async function untilAvailable(path: string, call: RenderCall): Promise<void> {
  let last: unknown;
  await withinLimit(call.signal, {
    limitMs: call.client.pace.settleMs,
    late: () => `${path} is ${String(last)}`,
    wait: (signal) =>
      followStatus(path, { ...call, signal }, (status) => {
        last = status;
      }),
  });
}

async function followStatus(
  path: string,
  { client, progress, signal }: RenderCall,
  see: (status: unknown) => void,
): Promise<void> {
  let shown: unknown;
  for (let wait = client.pace.pollMs; ; wait = Math.min(wait * POLL_GROWTH, POLL_LAST_MS)) {
    const { body } = await client.request({
      method: "GET",
      path,
      doing: `read ${path}`,
      signal,
    });
    const status = memberAt(body, ["status"]);
    see(status);
    if (status !== shown) progress(`${path} is ${String(status)}`);
    shown = status;
    if (status === "available" || status === "suspended") return;
    if (STUCK.has(status)) {
      throw new RenderError(
        `Render: ${path} is ${String(status)}. Check it in Render's dashboard, then run opspec up again.`,
        { maybeDone: false },
      );
    }
    await sleep(wait, undefined, { signal });
  }
}
