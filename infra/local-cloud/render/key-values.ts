import type { Context } from "hono";
import { z } from "zod";

import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { answer, emptyAnswer, newestFirst, queryOf, readBody, rowById } from "./requests.ts";
import type { KeyValueRecord } from "./datastore-records.ts";
import { datastoreView, isListed, newDatastore, resume, suspend } from "./datastores.ts";
import { listPage } from "./lists.ts";
import { IpAllow, PlanId, Region, ResourceName } from "./service-bodies.ts";

/** The Valkey that new instances run. */
const VERSION = "8.1.4";

const KeyValuePatch = z.object({
  name: ResourceName.optional(),
  plan: PlanId.optional(),
  maxmemoryPolicy: z
    .enum([
      "noeviction",
      "allkeys_lfu",
      "allkeys_lru",
      "allkeys_random",
      "volatile_lfu",
      "volatile_lru",
      "volatile_random",
      "volatile_ttl",
    ])
    .optional(),
  persistenceMode: z.enum(["off", "snapshot", "journal_snapshot"]).optional(),
  ipAllowList: z.array(IpAllow).optional(),
});

const KeyValueBody = KeyValuePatch.extend({
  name: ResourceName,
  plan: PlanId,
  ownerId: z.string(),
  region: Region.optional(),
  environmentId: z.string().min(1).optional(),
});

/** A name of the API for the same instances. */
interface Twin {
  readonly path: "/key-value" | "/redis";
  /** Name of a row in its envelope. */
  readonly noun: "keyValue" | "redis";
  /** Name of the command in the connection info. */
  readonly command: "cliCommand" | "redisCLICommand";
}

const TWINS: readonly Twin[] = [
  { path: "/key-value", noun: "keyValue", command: "cliCommand" },
  { path: "/redis", noun: "redis", command: "redisCLICommand" },
];

/** `/key-value` and its older twin `/redis`: `creating` and then `available`, like databases. */
export function addKeyValueRoutes(api: CloudRoutes, cloud: Cloud): void {
  for (const twin of TWINS) addTwinRoutes(api, cloud, twin);
}

function addTwinRoutes(api: CloudRoutes, cloud: Cloud, twin: Twin): void {
  const { path, noun } = twin;
  const one = `${path}/:keyValueId` as const;
  api.get(path, (context) => {
    const query = queryOf(context);
    const rows = newestFirst(cloud.state.keyValues).filter((it) => isListed(query, it));
    return answer(
      200,
      listPage(rows, query, {
        noun,
        key: ({ id }) => id,
        view: (it) => keyValueView(cloud, it),
      }),
    );
  });

  api.post(path, async (context) => {
    const store = newKeyValue(cloud, await readBody(context, cloud, KeyValueBody));
    const { createdAt, updatedAt } = store;
    // Only this answer has nanoseconds, and it has no status yet.
    return answer(201, { ...keyValueView(cloud, store), createdAt, updatedAt, status: "unknown" });
  });

  api.get(one, (context) => answer(200, keyValueView(cloud, keyValueOf(context, cloud))));

  api.patch(one, async (context) => {
    const patch = await readBody(context, cloud, KeyValuePatch);
    const store = changedKeyValue(cloud, keyValueOf(context, cloud), patch);

    cloud.state.keyValues[store.id] = store;
    return answer(200, keyValueView(cloud, store));
  });

  api.delete(one, (context) => {
    const { id } = keyValueOf(context, cloud);
    delete cloud.state.keyValues[id];
    delete cloud.state.logStreams[id];
    return emptyAnswer(204);
  });

  addActionRoutes(api, cloud, twin);
}

function addActionRoutes(api: CloudRoutes, cloud: Cloud, { path, command }: Twin): void {
  const one = `${path}/:keyValueId` as const;
  api.get(`${one}/connection-info`, (context) => {
    const { cliCommand, ...strings } = keyValueConnection(keyValueOf(context, cloud));
    return answer(200, { ...strings, [command]: cliCommand });
  });
  api.post(`${one}/suspend`, (context) => {
    suspend(cloud, keyValueOf(context, cloud));
    return emptyAnswer(202);
  });
  api.post(`${one}/resume`, (context) => {
    resume(cloud, keyValueOf(context, cloud));
    return emptyAnswer(202);
  });
}

function keyValueOf(context: Context, cloud: Cloud): KeyValueRecord {
  return rowById(cloud.state.keyValues, context.req.param("keyValueId") ?? "");
}

function newKeyValue(cloud: Cloud, body: z.infer<typeof KeyValueBody>): KeyValueRecord {
  const ipAllowList = body.ipAllowList ?? [];
  const createMs = cloud.phases.keyValueMs;
  const store: KeyValueRecord = {
    ...newDatastore(cloud, "red", { body: { ...body, ipAllowList }, createMs }),
    maxmemoryPolicy: body.maxmemoryPolicy ?? "allkeys_lru",
    persistenceMode: persistence(body.plan, body.persistenceMode),
  };

  cloud.state.keyValues[store.id] = store;
  return store;
}

function changedKeyValue(
  cloud: Cloud,
  before: KeyValueRecord,
  patch: z.infer<typeof KeyValuePatch>,
): KeyValueRecord {
  const at = nowMs(cloud.state);
  const plan = patch.plan ?? before.plan;
  // An upgrade from the free plan adds persistence.
  const kept = before.plan === "free" ? undefined : before.persistenceMode;

  return {
    ...before,
    name: patch.name ?? before.name,
    plan,
    maxmemoryPolicy: patch.maxmemoryPolicy ?? before.maxmemoryPolicy,
    persistenceMode: persistence(plan, patch.persistenceMode ?? kept),
    ipAllowList: patch.ipAllowList ?? before.ipAllowList,
    updatedAt: timestamp(at),
    readyMs: plan === before.plan ? before.readyMs : at + cloud.phases.keyValueMs,
  };
}

/** The default persistence: none on the free plan, journal and snapshot on paid ones. */
function persistence(plan: string, wanted: string | undefined): string {
  return plan === "free" ? "off" : (wanted ?? "journal_snapshot");
}

function keyValueView(cloud: Cloud, store: KeyValueRecord) {
  const { maxmemoryPolicy, persistenceMode } = store;
  const { suspended: _suspended, suspenders: _suspenders, ...common } = datastoreView(cloud, store);

  return {
    ...common,
    options: { maxmemoryPolicy, persistenceMode },
    version: VERSION,
  };
}

/** Internal connections have no password; external ones have a password and TLS. */
export function keyValueConnection({ id, region, password }: KeyValueRecord) {
  const external = `rediss://${id}:${password}@${region}-keyvalue.render.com:6379`;

  return {
    internalConnectionString: `redis://${id}:6379`,
    externalConnectionString: external,
    cliCommand: ` REDISCLI_AUTH=${password} valkey-cli --user ${id} -h ${region}-keyvalue.render.com -p 6379 --tls`,
  };
}
