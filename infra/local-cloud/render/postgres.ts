import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { randomText } from "../ids.ts";
import type { PostgresRecord, ReplicaRecord } from "./datastore-records.ts";
import { datastoreView, isListed, newDatastore, resume, suspend } from "./datastores.ts";
import { listPage } from "./lists.ts";
import {
  defaultDiskGb,
  ensureDiskMayBecome,
  ensurePlanIsOffered,
  ensurePostgresFits,
  Parameters,
  PostgresBody,
  PostgresPatch,
} from "./postgres-rules.ts";
import { answer, emptyAnswer, newestFirst, queryOf, readBody, rowById } from "./requests.ts";
import type { Context } from "hono";

/** Characters that Render adds to the name of a database. */
const NAME_SUFFIX_LENGTH = 4;

/** Suffixes of replica ids in order; `a` is the primary. */
const REPLICA_SUFFIXES = [..."bcdefghijklmnopqrstuvwxyz"];

const ONE = "/postgres/:postgresId";

/** `/postgres`: asynchronous, `creating` and then `available`. */
export function addPostgresRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/postgres", (context) => answer(200, postgresPage(cloud, queryOf(context))));

  api.post("/postgres", async (context) => {
    const database = newPostgres(cloud, await readBody(context, cloud, PostgresBody));
    const { createdAt, updatedAt } = database;
    // Only this answer has nanoseconds, and it has no status yet.
    return answer(201, {
      ...postgresView(cloud, database),
      createdAt,
      updatedAt,
      status: "unknown",
    });
  });

  api.get(ONE, (context) => {
    const { database, replica } = instanceOf(context, cloud);
    return answer(200, { ...postgresView(cloud, database), ...(replica && replicaView(replica)) });
  });

  api.patch(ONE, async (context) => {
    const patch = await readBody(context, cloud, PostgresPatch);
    const database = changedPostgres(cloud, postgresOf(context, cloud), patch);

    cloud.state.postgres[database.id] = database;
    return answer(200, postgresView(cloud, database));
  });

  api.delete(ONE, (context) => {
    const { id } = postgresOf(context, cloud);
    delete cloud.state.postgres[id];
    delete cloud.state.logStreams[id];
    return emptyAnswer(204);
  });

  addActionRoutes(api, cloud);
}

function addActionRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(`${ONE}/connection-info`, (context) => {
    const { database, replica = database } = instanceOf(context, cloud);
    return answer(200, postgresConnection({ ...database, id: replica.id }));
  });
  api.post(`${ONE}/suspend`, (context) => {
    suspend(cloud, postgresOf(context, cloud));
    return emptyAnswer(202);
  });
  api.post(`${ONE}/resume`, (context) => {
    resume(cloud, postgresOf(context, cloud));
    return emptyAnswer(202);
  });
  api.get(`${ONE}/parameter-overrides`, (context) =>
    answer(200, postgresOf(context, cloud).parameterOverrides),
  );
  api.put(`${ONE}/parameter-overrides`, async (context) => {
    const parameterOverrides = await readBody(context, cloud, Parameters);
    const database = changedPostgres(cloud, postgresOf(context, cloud), { parameterOverrides });

    cloud.state.postgres[database.id] = database;
    return answer(200, database.parameterOverrides);
  });
  // No server answers, so there is nothing to list.
  for (const list of ["parameter-overrides/available", "export"]) {
    api.get(`/postgres/:postgresId/${list}`, (context) => {
      postgresOf(context, cloud);
      return answer(200, []);
    });
  }
  // These two change nothing that the API shows.
  for (const action of ["restart", "failover"]) {
    api.post(`/postgres/:postgresId/${action}`, (context) => {
      postgresOf(context, cloud);
      return emptyAnswer(202);
    });
  }
}

function postgresPage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.postgres).filter((it) => isListed(query, it));
  return listPage(rows, query, {
    noun: "postgres",
    key: ({ id }) => id,
    view: (it) => postgresView(cloud, it),
  });
}

function postgresOf(context: Context, cloud: Cloud): PostgresRecord {
  return rowById(cloud.state.postgres, context.req.param("postgresId") ?? "");
}

/** The database with that id, or the replica with that id and its primary; else 404. */
function instanceOf(
  context: Context,
  cloud: Cloud,
): { database: PostgresRecord; replica?: ReplicaRecord } {
  const id = context.req.param("postgresId") ?? "";
  for (const database of Object.values(cloud.state.postgres)) {
    const replica = database.readReplicas.find((it) => it.id === id);
    if (replica) return { database, replica };
  }
  return { database: postgresOf(context, cloud) };
}

/** Where a replica differs from its primary. */
function replicaView({ id, name, parameterOverrides }: ReplicaRecord) {
  const dashboardUrl = `https://dashboard.render.com/d/${id}`;
  return { id, name, dashboardUrl, parameterOverrides, role: "replica", readReplicas: [] };
}

function newPostgres(cloud: Cloud, body: PostgresBody): PostgresRecord {
  const ipAllowList = body.ipAllowList ?? [{ cidrBlock: "0.0.0.0/0", description: "everywhere" }];
  const createMs = cloud.phases.databaseMs;
  const common = newDatastore(cloud, "dpg", { body: { ...body, ipAllowList }, createMs });
  const baseName = body.databaseName ?? body.name.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");
  const databaseName = `${baseName}_${randomText(NAME_SUFFIX_LENGTH)}`;
  ensurePlanIsOffered(body.plan);

  const id = `${common.id}-a`;
  const database: PostgresRecord = {
    ...common,
    id,
    version: body.version,
    databaseName,
    databaseUser: body.databaseUser ?? `${databaseName}_user`,
    diskSizeGB: body.diskSizeGB ?? defaultDiskGb(body.plan),
    diskAutoscalingEnabled: body.enableDiskAutoscaling ?? false,
    highAvailabilityEnabled: body.enableHighAvailability ?? false,
    connectionPool: body.connectionPool,
    parameterOverrides: body.parameterOverrides ?? {},
    readReplicas: replicasFrom({ id, readReplicas: [] }, body.readReplicas ?? []),
  };
  ensurePostgresFits(database);
  cloud.state.postgres[id] = database;
  return database;
}

/** The database after a change; the given record is not modified. */
function changedPostgres(
  cloud: Cloud,
  before: PostgresRecord,
  patch: PostgresPatch,
): PostgresRecord {
  const at = nowMs(cloud.state);
  const diskSizeGB = patch.diskSizeGB ?? before.diskSizeGB;
  ensureDiskMayBecome(before, diskSizeGB, at);

  const database: PostgresRecord = {
    ...before,
    name: patch.name ?? before.name,
    plan: patch.plan ?? before.plan,
    diskSizeGB,
    diskAutoscalingEnabled: patch.enableDiskAutoscaling ?? before.diskAutoscalingEnabled,
    highAvailabilityEnabled: patch.enableHighAvailability ?? before.highAvailabilityEnabled,
    connectionPool: patch.connectionPool ?? before.connectionPool,
    ipAllowList: patch.ipAllowList ?? before.ipAllowList,
    parameterOverrides: patch.parameterOverrides ?? before.parameterOverrides,
    updatedAt: timestamp(at),
  };
  if (patch.readReplicas !== undefined) {
    database.readReplicas = replicasFrom(before, patch.readReplicas ?? []);
  }
  if (diskSizeGB !== before.diskSizeGB) database.resizedMs = at;
  if (takesTime(before, database)) database.readyMs = at + cloud.phases.databaseMs;
  ensurePostgresFits(database);
  return database;
}

/** Name, allow-list, parameters and replicas change while the database stays available. */
function takesTime(before: PostgresRecord, after: PostgresRecord): boolean {
  const slow = ["plan", "diskSizeGB", "highAvailabilityEnabled"] as const;
  return slow.some((field) => before[field] !== after[field]);
}

/** The list is authoritative: replicas are matched by name, and missing ones are deleted. */
function replicasFrom(
  { id, readReplicas }: Pick<PostgresRecord, "id" | "readReplicas">,
  wanted: readonly Omit<ReplicaRecord, "id">[],
): ReplicaRecord[] {
  const used = new Set(readReplicas.map((it) => it.id));
  const free = REPLICA_SUFFIXES.map((it) => id.replace(/a$/, it)).filter((it) => !used.has(it));

  return wanted.map((replica) => ({
    id: readReplicas.find(({ name }) => name === replica.name)?.id ?? free.shift() ?? "",
    ...replica,
  }));
}

/** A database as Render shows it. */
function postgresView(cloud: Cloud, database: PostgresRecord) {
  const { version, databaseName, databaseUser, diskSizeGB, readReplicas } = database;
  const { diskAutoscalingEnabled, highAvailabilityEnabled, connectionPool } = database;
  const hasOverrides = Object.keys(database.parameterOverrides).length > 0;

  return {
    ...datastoreView(cloud, database),
    dashboardUrl: `https://dashboard.render.com/d/${database.id}`,
    version,
    databaseName,
    databaseUser,
    diskSizeGB,
    diskAutoscalingEnabled,
    highAvailabilityEnabled,
    connectionPool,
    parameterOverrides: hasOverrides ? database.parameterOverrides : undefined,
    readReplicas,
    role: "primary",
  };
}

/** The connection strings. The internal host is the id; the external host contains the region. */
export function postgresConnection({
  id,
  region,
  password,
  databaseUser,
  databaseName,
}: PostgresRecord) {
  const external = `${id}.${region}-postgres.render.com`;
  const url = (host: string) => `postgresql://${databaseUser}:${password}@${host}/${databaseName}`;

  return {
    password,
    internalConnectionString: url(id),
    externalConnectionString: url(`${external}:5432`),
    psqlCommand: `PGPASSWORD=${password} psql -h ${external} -p 5432 -U ${databaseUser} ${databaseName}`,
  };
}
