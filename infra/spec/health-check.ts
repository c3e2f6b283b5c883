import { z } from "zod";
import { HiddenValue, PostgresAddress, RedisAddress, redisList } from "./reference.ts";
import { Duration, FilePath, HttpPath, HttpsUrl, Key } from "./scalar.ts";

const handling = {
  kind: z
    .enum(["live", "ready", "info"])
    .optional()
    .meta({
      description:
        "live: part of /healthz. ready (the default): part of /readyz. info: told and never acted upon.",
      examples: ["ready"],
    }),
  critical: z
    .boolean()
    .optional()
    .meta({
      description: "true: its failure answers 503. Otherwise it makes the answer degraded.",
      examples: [true],
    }),
  timeout: Duration.optional().meta({
    description: "It fails when it takes longer.",
    examples: ["3s"],
  }),
  interval: Duration.optional().meta({
    description: "It is looked at so often, in the background.",
    examples: ["15s"],
  }),
};

const within = Duration.meta({
  description: "It fails when it is older.",
  examples: ["7h"],
});

const stores = [
  z
    .strictObject({
      postgres: PostgresAddress.meta({
        description: "The Postgres.",
        examples: [{ database: "main" }],
      }),
      ...handling,
    })
    .meta({ description: "Postgres answers." }),
  z
    .strictObject({
      redis: RedisAddress.meta({ description: "The store.", examples: [{ keyValue: "queue" }] }),
      ...handling,
    })
    .meta({ description: "Redis answers." }),
  z
    .strictObject({
      sqlite: FilePath.meta({ description: "The file.", examples: ["/data/app.db"] }),
      ...handling,
    })
    .meta({ description: "A SQLite file opens and answers." }),
  z
    .strictObject({
      ...redisList,
      max: z
        .int()
        .min(0)
        .optional()
        .meta({ description: "More entries than this fail the check.", examples: [100] }),
      ...handling,
    })
    .meta({ description: "A queue is not too long." }),
  z
    .strictObject({
      clock: PostgresAddress.meta({
        description: "The Postgres whose clock is compared.",
        examples: [{ database: "main" }],
      }),
      maxSkew: Duration.optional().meta({
        description: "Largest difference that is accepted.",
        examples: ["5s"],
      }),
      ...handling,
    })
    .meta({ description: "The clock of this process is right." }),
] as const;

const places = [
  z
    .strictObject({
      http: z.union([HttpPath, HttpsUrl, HiddenValue]).meta({
        description: "A path of the app, a URL, or where the URL is.",
        examples: ["/internal/ping", "https://example.com/health"],
      }),
      status: z
        .int()
        .min(100)
        .max(599)
        .optional()
        .meta({ description: "Expected status; any of 200 to 399 otherwise.", examples: [204] }),
      ...handling,
    })
    .meta({ description: "Something answers over HTTP." }),
  z
    .strictObject({
      tcp: z
        .strictObject({
          host: z
            .string()
            .min(1)
            .meta({ description: "Host.", examples: ["clamav.example.com"] }),
          port: z
            .int()
            .min(1)
            .max(65_535)
            .meta({ description: "Port.", examples: [3310] }),
        })
        .meta({
          description: "Where it listens.",
          examples: [{ host: "clamav.example.com", port: 3310 }],
        }),
      ...handling,
    })
    .meta({ description: "Something accepts connections." }),
  z
    .strictObject({
      disk: FilePath.meta({ description: "A directory.", examples: ["/data"] }),
      minFreeMb: z
        .number()
        .min(0)
        .optional()
        .meta({ description: "Space that must be free.", examples: [100] }),
      ...handling,
    })
    .meta({ description: "A disk can be written and has space." }),
] as const;

const lives = [
  z
    .strictObject({
      job: Key.meta({ description: "Key of the job.", examples: ["backup-periodic"] }),
      within,
      ...handling,
    })
    .meta({ description: "A job ran well lately." }),
  z
    .strictObject({
      backup: FilePath.meta({
        description: "Directory of the backups.",
        examples: ["/data/backups"],
      }),
      prefix: z
        .string()
        .min(1)
        .meta({ description: "What their names begin with.", examples: ["ventas_"] }),
      within,
      ...handling,
    })
    .meta({ description: "There is a fresh backup." }),
  z
    .strictObject({
      heartbeat: z
        .string()
        .min(1)
        .meta({ description: "Name under which the app reports it.", examples: ["loop"] }),
      within,
      ...handling,
    })
    .meta({ description: "The app reported a heartbeat lately." }),
  z
    .strictObject({
      component: z
        .string()
        .min(1)
        .meta({ description: "Name under which the app reports it.", examples: ["discord"] }),
      ...handling,
    })
    .meta({
      description: "A part of the app that it reports as good; never reported is not good.",
    }),
] as const;

/** One thing that is looked at in the background, and told by the health paths. */
export const HealthCheckSpec = z.union([...stores, ...places, ...lives]).meta({
  id: "healthCheck",
  description: "One thing that is looked at in the background, and told by the health paths.",
  examples: [{ postgres: { database: "main" }, critical: true }, { component: "discord" }],
});

export type HealthCheckSpec = z.infer<typeof HealthCheckSpec>;
