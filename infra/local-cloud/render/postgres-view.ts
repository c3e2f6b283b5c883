import type { Cloud } from "../cloud.ts";
import type { PostgresRecord } from "./datastore-records.ts";
import { datastoreView } from "./datastores.ts";

/** A database as Render shows it. */
export function postgresView(cloud: Cloud, database: PostgresRecord) {
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

/** How to connect. Inside Render the host is the id; outside it has the region in it. */
export function postgresConnection({
  id,
  region,
  password,
  databaseUser,
  databaseName,
}: PostgresRecord) {
  const external = `${id}.${region}-postgres.render.com`;
  const url = (host: string) =>
    `postgresql://${databaseUser}:${password}@${host}:5432/${databaseName}`;

  return {
    password,
    internalConnectionString: url(id),
    externalConnectionString: url(external),
    psqlCommand: `PGPASSWORD=${password} psql -h ${external} -U ${databaseUser} ${databaseName}`,
  };
}
