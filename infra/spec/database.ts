import { z } from "zod";
import { AllowListSpec } from "./allow-list.ts";
import { AllowDataLoss } from "./data-loss.ts";
import { keyed } from "./keyed.ts";
import { RENDER_REGIONS } from "./render.ts";
import { Key, Plan } from "./scalar.ts";

/** Versions that Render makes. @see https://render.com/docs/postgresql */
const POSTGRES_VERSIONS = { min: 11, max: 18 };

/** Most read replicas of one database. @see https://render.com/docs/postgresql-read-replicas */
const REPLICAS_MAX = 5;

const region = z
  .enum(RENDER_REGIONS)
  .optional()
  .meta({
    id: "region",
    description: "Region. Default: the stack's region. A change replaces the resource.",
    examples: ["oregon"],
  });

const name = z
  .string()
  .min(1)
  .optional()
  .meta({
    description: "Name on Render. Default: <system>-<key>.",
    examples: ["app-db"],
  });

const sqlName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, "should be lower-case letters, digits and _, such as app_db");

/** A Postgres database on Render. */
export const DatabaseSpec = z
  .strictObject({
    name,
    version: z
      .int()
      .min(POSTGRES_VERSIONS.min)
      .max(POSTGRES_VERSIONS.max)
      .meta({
        description: "Major version. A change replaces the database and deletes its data.",
        examples: [16],
      }),
    plan: Plan.meta({ description: "Instance type.", examples: ["basic_256mb"] }),
    region,
    database: sqlName.optional().meta({
      description: "Name of the database in Postgres. A change replaces the database.",
      examples: ["app"],
    }),
    user: sqlName.optional().meta({
      description: "Owner of the database in Postgres. A change replaces the database.",
      examples: ["app"],
    }),
    diskGb: z
      .int()
      .min(1)
      .optional()
      .meta({
        description: "Size in GB: 1 or a multiple of 5. It can grow but never shrink.",
        examples: [15],
      }),
    autoscaleDisk: z
      .boolean()
      .optional()
      .meta({ description: "Grow the disk automatically.", examples: [true] }),
    highAvailability: z
      .boolean()
      .optional()
      .meta({
        description: "Run a standby for failover. Requires a pro or accelerated plan.",
        examples: [true],
      }),
    replicas: z
      .array(Key)
      .max(REPLICAS_MAX)
      .optional()
      .meta({
        description: "Names of the read replicas. A replica that is not listed is deleted.",
        examples: [["reports"]],
      }),
    allowList: AllowListSpec.optional(),
    allowDataLoss: AllowDataLoss,
    ...keyed,
  })
  .meta({
    id: "database",
    description: "A Postgres database on Render.",
    examples: [{ version: 16, plan: "basic_256mb" }],
  });

/** A Key Value store (Redis) on Render. */
export const KeyValueSpec = z
  .strictObject({
    name,
    plan: Plan.meta({
      description: "Instance type. free loses all data on a restart.",
      examples: ["starter"],
    }),
    region,
    evict: z
      .enum([
        "noeviction",
        "allkeys_lru",
        "allkeys_lfu",
        "allkeys_random",
        "volatile_lru",
        "volatile_lfu",
        "volatile_random",
        "volatile_ttl",
      ])
      .optional()
      .meta({
        description: "Eviction policy when memory is full. A queue needs noeviction.",
        examples: ["noeviction"],
      }),
    persistence: z
      .enum(["off", "snapshot", "journal_snapshot"])
      .optional()
      .meta({
        description: "Persistence of data across restarts.",
        examples: ["journal_snapshot"],
      }),
    allowList: AllowListSpec.optional(),
    allowDataLoss: AllowDataLoss,
    ...keyed,
  })
  .meta({
    id: "keyValue",
    description: "A Key Value store (Redis) on Render.",
    examples: [{ plan: "starter", evict: "noeviction" }],
  });

export type DatabaseSpec = z.infer<typeof DatabaseSpec>;
export type KeyValueSpec = z.infer<typeof KeyValueSpec>;
