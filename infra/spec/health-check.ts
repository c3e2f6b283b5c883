import { z } from "zod";
import { HiddenValue, PostgresAddress, RedisAddress, redisList } from "./reference.ts";
import { Duration, FilePath, HttpPath, HttpsUrl, Key } from "./scalar.ts";

const handling = {
  kind: z
    .enum(["live", "ready", "info"])
    .optional()
    .meta({
      description:
        "live: part of /healthz. ready: part of /readyz. info: only reported. Default: ready.",
      examples: ["ready"],
    }),
  critical: z
    .boolean()
    .optional()
    .meta({
      description: "true: a failure answers 503. false: the answer is degraded. Default: false.",
      examples: [true],
    }),
  timeout: Duration.optional().meta({
    description: "Timeout; the check fails when it takes longer.",
    examples: ["3s"],
  }),
  interval: Duration.optional().meta({
    description: "How often the check runs, in the background.",
    examples: ["15s"],
  }),
};

const within = Duration.meta({
  description: "Maximum age; the check fails when it is older.",
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
        .meta({ description: "Maximum number of entries.", examples: [100] }),
      ...handling,
    })
    .meta({ description: "A queue is not longer than its limit." }),
  z
    .strictObject({
      clock: PostgresAddress.meta({
        description: "Postgres database whose clock is compared.",
        examples: [{ database: "main" }],
      }),
      maxSkew: Duration.optional().meta({
        description: "Maximum difference.",
        examples: ["5s"],
      }),
      ...handling,
    })
    .meta({
      description: "The clock of this process agrees with the clock of a Postgres database.",
    }),
] as const;

const places = [
  z
    .strictObject({
      http: z.union([HttpPath, HttpsUrl, HiddenValue]).meta({
        description: "A path of the app, a URL, or a reference to the URL.",
        examples: ["/internal/ping", "https://example.com/health"],
      }),
      status: z
        .int()
        .min(100)
        .max(599)
        .optional()
        .meta({ description: "Expected status. Default: any of 200 to 399.", examples: [204] }),
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
          description: "Address.",
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
        .meta({ description: "Minimum free space, in MB.", examples: [100] }),
      ...handling,
    })
    .meta({ description: "A disk is writable and has free space." }),
] as const;

const lives = [
  z
    .strictObject({
      job: Key.meta({ description: "Key of the job.", examples: ["backup-periodic"] }),
      within,
      ...handling,
    })
    .meta({ description: "A job succeeded recently." }),
  z
    .strictObject({
      backup: FilePath.meta({
        description: "Directory of the backups.",
        examples: ["/data/backups"],
      }),
      prefix: z
        .string()
        .min(1)
        .meta({ description: "Prefix of the backup files' names.", examples: ["ventas_"] }),
      within,
      ...handling,
    })
    .meta({ description: "A recent backup exists." }),
  z
    .strictObject({
      heartbeat: z
        .string()
        .min(1)
        .meta({ description: "Name that the app reports.", examples: ["loop"] }),
      within,
      ...handling,
    })
    .meta({ description: "The app reported a heartbeat recently." }),
  z
    .strictObject({
      component: z
        .string()
        .min(1)
        .meta({ description: "Name that the app reports.", examples: ["discord"] }),
      ...handling,
    })
    .meta({
      description:
        "A component that the app reports as healthy. A component that was never reported fails.",
    }),
] as const;

/** A check that runs in the background and is reported by the health paths. */
export const HealthCheckSpec = z.union([...stores, ...places, ...lives]).meta({
  id: "healthCheck",
  description: "A check that runs in the background and is reported by the health paths.",
  examples: [{ postgres: { database: "main" }, critical: true }, { component: "discord" }],
});

export type HealthCheckSpec = z.infer<typeof HealthCheckSpec>;
