import type { IpAllow } from "./service-bodies.ts";

/** The common fields of Postgres and Key Value instances. */
export interface DatastoreRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly region: string;
  /** In nanoseconds, as the POST answer shows it. */
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  plan: string;
  ipAllowList: IpAllow[];
  environmentId?: string;
  readonly password: string;
  suspenders: string[];
  /** When the last slow change completes, in the cloud's time. */
  readyMs: number;
}

/** A read replica. Its id is its primary's with another suffix. */
export interface ReplicaRecord {
  readonly id: string;
  name: string;
  parameterOverrides?: Record<string, string>;
}

export interface PostgresRecord extends DatastoreRecord {
  readonly version: string;
  readonly databaseName: string;
  readonly databaseUser: string;
  diskSizeGB: number;
  /** When the disk last grew; it may not grow again for some time. */
  resizedMs?: number;
  diskAutoscalingEnabled: boolean;
  highAvailabilityEnabled: boolean;
  /** Absent until a client sets it. */
  connectionPool?: "pgbouncer" | "none" | undefined;
  parameterOverrides: Record<string, string>;
  readReplicas: ReplicaRecord[];
}

export interface KeyValueRecord extends DatastoreRecord {
  maxmemoryPolicy: string;
  persistenceMode: string;
}
