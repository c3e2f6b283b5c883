import { z } from "zod";
import { EnvRef, HiddenValue, PostgresAddress } from "./reference.ts";
import { Duration, EnvName, FilePath, HttpPath, HttpsUrl, Key } from "./scalar.ts";

/** Most restarts of an app within a window. */
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
  .meta({ id: "address", description: "Address." });

const gateHandling = {
  fail: z
    .enum(["closed", "open"])
    .optional()
    .meta({
      description:
        "When the gate does not answer in time: closed keeps the app from starting, open only warns. Default: closed.",
      examples: ["closed"],
    }),
  failClosedEnv: EnvName.optional().meta({
    description:
      "Variable that overrides fail when the app starts: 0 means open, any other value closed.",
    examples: ["CLAMAV_FAIL_CLOSED"],
  }),
  timeout: Duration.optional().meta({
    description: "How long the start waits for the gate.",
    examples: ["60s"],
  }),
};

const where = {
  description: "Address.",
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
          .meta({ description: "URL.", examples: ["https://example.com/health"] }),
        ...gateHandling,
      })
      .meta({ description: "Something that answers over HTTP." }),
  ])
  .meta({ id: "gate", description: "Something that must answer before the app starts." });

const SeedSpec = z
  .strictObject({
    file: FilePath.meta({ description: "The database.", examples: ["/data/ventas.db"] }),
    from: FilePath.meta({
      description: "File from which the database is created, for example a secret file.",
      examples: ["/etc/secrets/ventas.db.gz.b64"],
    }),
    encoding: z
      .enum(["plain", "gzip", "base64", "gzip-base64"])
      .optional()
      .meta({
        description: "Encoding of the source file. gzip-base64 is base64 of gzip. Default: plain.",
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
          .meta({ description: "Migration command.", examples: ["alembic upgrade head"] }),
        url: PostgresAddress.meta({
          description: "Postgres database that holds the lock.",
          examples: [{ database: "main" }],
        }),
        atHead: z
          .string()
          .min(1)
          .optional()
          .meta({
            description:
              "Command that exits with 0 when no migration is pending; then no lock is acquired.",
            examples: ["alembic check"],
          }),
        deadline: Duration.optional().meta({
          description: "Longest wait for the lock and the migration. Default: 600s.",
          examples: ["600s"],
        }),
      })
      .meta({ description: "A command that runs under a lock that all instances share." }),
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
              "Who runs the migrations. With app the app runs them, and the runtime only reads their status. Default: runtime.",
            examples: ["app"],
          }),
      })
      .meta({ description: "Migrations of a SQLite file. Each one runs once." }),
  ])
  .meta({ id: "migrate" });

const WatchdogSpec = z
  .strictObject({
    check: Duration.optional().meta({
      description: "Interval between checks.",
      examples: ["360s"],
    }),
    stall: Duration.optional().meta({
      description: "Maximum time without a sign of life. Default: 3 checks and 30s.",
      examples: ["1110s"],
    }),
    disconnect: Duration.optional().meta({
      description: "Maximum time without the connection. Default: the value of stall.",
      examples: ["1110s"],
    }),
    from: z
      .strictObject({
        check: EnvName.optional().meta({
          description: "Variable with the interval between checks, in seconds.",
          examples: ["WATCHDOG_CHECK_SEC"],
        }),
        stall: EnvName.optional().meta({
          description: "Variable with stall, in seconds.",
          examples: ["WATCHDOG_STALL_SEC"],
        }),
        disconnect: EnvName.optional().meta({
          description: "Variable with disconnect, in seconds.",
          examples: ["WATCHDOG_DISCONNECT_GRACE_SEC"],
        }),
      })
      .optional()
      .meta({
        description: "Variables that override these times when they are set.",
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
    z.boolean().meta({ description: "Whether the app runs under the runtime." }),
    z
      .strictObject({
        front: z
          .boolean()
          .optional()
          .meta({
            description:
              "Run a reverse proxy on the service's port: the runtime answers health and ops paths and forwards everything else. Headers of a request or an answer may have 64 KB. The app receives its own port as PORT. Default: true for services with a port, unless opsPort is given.",
            examples: [true],
          }),
        opsPort: z
          .int()
          .min(1)
          .max(65_535)
          .optional()
          .meta({
            description: "Port of the health and ops paths, without the reverse proxy.",
            examples: [9600],
          }),
        gates: z
          .record(Key, GateSpec)
          .optional()
          .meta({
            description: "Gates: services that must answer before the app starts, by name.",
            examples: [
              {
                clamav: { clamav: { host: { env: "CLAMAV_HOST" }, port: { env: "CLAMAV_PORT" } } },
              },
            ],
          }),
        seed: SeedSpec.optional().meta({
          description: "Initial database for an empty disk. It never overwrites an existing file.",
          examples: [{ file: "/data/ventas.db", from: "/etc/secrets/ventas.db" }],
        }),
        migrate: MigrateSpec.optional().meta({
          description: "Migration that runs before the app starts.",
          examples: [{ command: "alembic upgrade head", url: { database: "main" } }],
        }),
        refusedStart: z
          .enum(["wait", "exit"])
          .optional()
          .meta({
            description:
              "What the process does when a seed, a gate or a migration keeps the app from starting. wait: it answers health (503 with the reason) and ops paths, and tries again. exit: it ends with a non-zero code. A process without a port always exits. Default: wait.",
            examples: ["exit"],
          }),
        restart: z
          .strictObject({
            policy: z.enum(["always", "on-failure", "never"]).meta({
              description: "When the app is restarted after it exits.",
              examples: ["always"],
            }),
            max: z
              .int()
              .min(0)
              .max(RESTARTS_MAX)
              .optional()
              .meta({
                description:
                  "Maximum number of restarts within the window. After that the process exits.",
                examples: [5],
              }),
            window: Duration.optional().meta({
              description: "Window in which restarts are counted.",
              examples: ["10m"],
            }),
          })
          .optional()
          .meta({
            description: "Restart policy of the app.",
            examples: [{ policy: "on-failure", max: 5, window: "10m" }],
          }),
        watchdog: WatchdogSpec.optional().meta({
          description: "Watchdog: restart the app when its signs of life stop.",
          examples: [{ heartbeat: "loop", check: "60s" }],
        }),
      })
      .meta({ description: "Run under the runtime with these options." }),
  ])
  .meta({
    id: "supervise",
    description:
      "Run the app under the runtime. With docker and images, true needs /opt/opspec in the image and start:. Default: true for native runtimes, false for docker and images.",
    examples: [true, { watchdog: { path: "/ping" } }],
  });

export type SuperviseSpec = z.infer<typeof SuperviseSpec>;
