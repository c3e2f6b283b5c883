import { z } from "zod";
import { EnvRef, HiddenValue, PostgresAddress } from "./reference.ts";
import { Duration, EnvName, FilePath, HttpPath, HttpsUrl, Key } from "./scalar.ts";

/** Most restarts of an app within a window: more is a fault that another start does not cure. */
const RESTARTS_MAX = 100;

const place = z
  .strictObject({
    host: z
      .union([z.string().min(1), EnvRef])
      .meta({ description: "Host.", examples: ["clamav.example.com", { env: "CLAMAV_HOST" }] }),
    port: z
      .union([z.int().min(1).max(65_535), EnvRef])
      .meta({ description: "Port.", examples: [3310, { env: "CLAMAV_PORT" }] }),
  })
  .meta({ id: "address", description: "Where it listens." });

const gateHandling = {
  fail: z
    .enum(["closed", "open"])
    .optional()
    .meta({
      description: "When it never answers: closed (the default) stops the start, open warns.",
      examples: ["closed"],
    }),
  failClosedEnv: EnvName.optional().meta({
    description: "Variable that decides it where it runs: only 0 opens.",
    examples: ["CLAMAV_FAIL_CLOSED"],
  }),
  timeout: Duration.optional().meta({
    description: "How long the start waits for it.",
    examples: ["60s"],
  }),
};

const where = {
  description: "Where it listens.",
  examples: [{ host: { env: "CLAMAV_HOST" }, port: { env: "CLAMAV_PORT" } }],
};

/** Something that must answer before the app starts. */
const GateSpec = z
  .union([
    z
      .strictObject({ clamav: place.meta(where), ...gateHandling })
      .meta({ description: "A ClamAV scanner that answers PING." }),
    z
      .strictObject({ tcp: place.meta(where), ...gateHandling })
      .meta({ description: "Something that accepts connections." }),
    z
      .strictObject({
        http: z
          .union([HttpsUrl, HiddenValue])
          .meta({ description: "Its URL.", examples: ["https://example.com/health"] }),
        ...gateHandling,
      })
      .meta({ description: "Something that answers over HTTP." }),
  ])
  .meta({ id: "gate", description: "Something that must answer before the app starts." });

const SeedSpec = z
  .strictObject({
    file: FilePath.meta({ description: "The database.", examples: ["/data/ventas.db"] }),
    from: FilePath.meta({
      description: "What it is made from, for example a secret file.",
      examples: ["/etc/secrets/ventas.db.gz.b64"],
    }),
    encoding: z
      .enum(["plain", "gzip", "base64", "gzip-base64"])
      .optional()
      .meta({
        description: "How that is written; gzip-base64 is base64 of gzip. plain when not given.",
        examples: ["gzip-base64"],
      }),
  })
  .meta({ id: "seed" });

const MigrateSpec = z
  .union([
    z
      .strictObject({
        command: z
          .string()
          .min(1)
          .meta({ description: "The migration.", examples: ["alembic upgrade head"] }),
        url: PostgresAddress.meta({
          description: "The Postgres in which the lock is taken.",
          examples: [{ database: "main" }],
        }),
        atHead: z
          .string()
          .min(1)
          .optional()
          .meta({
            description: "Ends with 0 when there is nothing to migrate, so that no lock is needed.",
            examples: ["alembic check"],
          }),
        deadline: Duration.optional().meta({
          description: "Longest wait for the lock and the migration; 600s when it is not given.",
          examples: ["600s"],
        }),
      })
      .meta({ description: "A command under a lock that all instances share." }),
    z
      .strictObject({
        sqlite: FilePath.meta({ description: "The SQLite file.", examples: ["/data/ventas.db"] }),
        directory: FilePath.meta({
          description:
            "Folder of <id>.sql files and executable files, in the order of their names.",
          examples: ["migrations"],
        }),
        owner: z
          .enum(["runtime", "app"])
          .optional()
          .meta({
            description:
              "runtime (the default) migrates. app: it migrates by itself and only its status is read.",
            examples: ["app"],
          }),
      })
      .meta({ description: "Migrations of a SQLite file, each once." }),
  ])
  .meta({ id: "migrate" });

const WatchdogSpec = z
  .strictObject({
    check: Duration.optional().meta({ description: "It looks so often.", examples: ["360s"] }),
    stall: Duration.optional().meta({
      description: "Longest time without a sign of life; 3 checks and 30s when it is not given.",
      examples: ["1110s"],
    }),
    disconnect: Duration.optional().meta({
      description: "Longest time without the connection; as stall when it is not given.",
      examples: ["1110s"],
    }),
    from: z
      .strictObject({
        check: EnvName.optional().meta({
          description: "Variable with the seconds between checks.",
          examples: ["WATCHDOG_CHECK_SEC"],
        }),
        stall: EnvName.optional().meta({
          description: "Variable with the seconds of stall.",
          examples: ["WATCHDOG_STALL_SEC"],
        }),
        disconnect: EnvName.optional().meta({
          description: "Variable with the seconds of disconnect.",
          examples: ["WATCHDOG_DISCONNECT_GRACE_SEC"],
        }),
      })
      .optional()
      .meta({
        description: "Variables that, where they are set, say these times instead.",
        examples: [{ check: "WATCHDOG_CHECK_SEC" }],
      }),
    heartbeat: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Sign of life: a heartbeat that the app reports.", examples: ["loop"] }),
    path: HttpPath.optional().meta({
      description: "Sign of life: a path of the app that answers.",
      examples: ["/ping"],
    }),
    connection: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Component of the app whose connection is watched.",
        examples: ["discord"],
      }),
  })
  .meta({ id: "watchdog" });

/** How the runtime supervises an app. */
export const SuperviseSpec = z
  .union([
    z.boolean().meta({ description: "Under the runtime, or not." }),
    z
      .strictObject({
        front: z
          .boolean()
          .optional()
          .meta({
            description:
              "The runtime answers health and ops paths on the service's port and passes on everything else; the app gets a port of its own as PORT. true for whatever has a port, unless opsPort is given.",
            examples: [true],
          }),
        opsPort: z
          .int()
          .min(1)
          .max(65_535)
          .optional()
          .meta({
            description: "Port of health and ops paths, instead of front.",
            examples: [9600],
          }),
        gates: z
          .record(Key, GateSpec)
          .optional()
          .meta({
            description: "What must answer before the app starts, by name.",
            examples: [
              {
                clamav: { clamav: { host: { env: "CLAMAV_HOST" }, port: { env: "CLAMAV_PORT" } } },
              },
            ],
          }),
        seed: SeedSpec.optional().meta({
          description:
            "A database with which an empty disk starts. Never over a file that is there.",
          examples: [{ file: "/data/ventas.db", from: "/etc/secrets/ventas.db" }],
        }),
        migrate: MigrateSpec.optional().meta({
          description: "A migration before the app starts.",
          examples: [{ command: "alembic upgrade head", url: { database: "main" } }],
        }),
        restart: z
          .strictObject({
            policy: z
              .enum(["always", "on-failure", "never"])
              .meta({ description: "After which ends it is started again.", examples: ["always"] }),
            max: z
              .int()
              .min(0)
              .max(RESTARTS_MAX)
              .optional()
              .meta({
                description: "Most restarts within the window; then the process ends.",
                examples: [5],
              }),
            window: Duration.optional().meta({ description: "The window.", examples: ["10m"] }),
          })
          .optional()
          .meta({
            description: "What follows when the app ends.",
            examples: [{ policy: "on-failure", max: 5, window: "10m" }],
          }),
        watchdog: WatchdogSpec.optional().meta({
          description: "What must keep beating; its silence restarts the app.",
          examples: [{ heartbeat: "loop", check: "60s" }],
        }),
      })
      .meta({ description: "Under the runtime, with more to say about it." }),
  ])
  .meta({
    id: "supervise",
    description:
      "Run under the runtime. true (the default) for native runtimes. For docker and images false is the default; else the image must contain /opt/opspec and start: must be given.",
    examples: [true, { watchdog: { path: "/ping" } }],
  });

export type SuperviseSpec = z.infer<typeof SuperviseSpec>;
