import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { datastoreFields, datastoreOutputs } from "./datastore-fields.ts";

/** Read replicas of one database. @see https://render.com/docs/postgresql-read-replicas */
const REPLICAS_MAX = 5;

/** Sizes are 1 GB or steps of this many. @see https://render.com/docs/postgresql-creating-connecting */
const DISK_STEP_GB = 5;

/** A Postgres database. A create waits until it is available. */
export const Postgres = {
  token: "render:index:Postgres",
  description: "A Render Postgres database with its read replicas.",
  deleteBeforeReplace: true,
  holds: () => "the database and all its data",
  inputs: z.strictObject({
    ...datastoreFields,
    version: field(z.string().regex(/^\d+$/, "should be a major version such as 17"), {
      description: "Major version, for example `17`.",
      replaces: "Render's API cannot upgrade a database to another major version",
    }),
    databaseName: field(z.string().min(1).optional(), {
      description: "Name of the database inside the server; Render appends some characters.",
      replaces: "Render cannot rename a database",
      completed: (declared, reported) => reported.startsWith(`${declared}_`),
    }),
    databaseUser: field(z.string().min(1).optional(), {
      description: "Its user.",
      replaces: "Render cannot rename the user",
    }),
    diskSizeGb: field(
      z
        .int()
        .min(1)
        .refine((gb) => gb === 1 || gb % DISK_STEP_GB === 0, {
          error: `should be 1 or a multiple of ${DISK_STEP_GB}`,
        })
        .optional(),
      {
        description: "Gigabytes. May grow, never shrink, once in 12 hours.",
        onlyGrows: "Render cannot shrink the disk of a database",
      },
    ),
    diskAutoscaling: field(z.boolean().optional(), {
      description: "Render grows the disk automatically; its size is then not drift.",
    }),
    highAvailability: field(z.boolean().optional(), {
      description: "A standby instance. Needs a pro or accelerated plan.",
    }),
    readReplicas: field(z.array(z.string().min(1)).max(REPLICAS_MAX).optional(), {
      description: "Names of all read replicas.",
      unordered: true,
    }),
  }),
  outputs: z.strictObject({
    ...datastoreOutputs,
    host: field(z.string(), { description: "Host inside the private network." }),
    port: field(z.string(), { description: "Port, as text." }),
    user: field(z.string(), { description: "The user that Render created." }),
    password: field(z.string(), { description: "The user's password.", secret: true }),
    database: field(z.string(), { description: "Name of the database, as Render completed it." }),
  }),
} as const satisfies ResourceContract;
