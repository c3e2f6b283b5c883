import { z } from "zod";
import { EnvSpec } from "./env.ts";
import { keyed } from "./keyed.ts";
import { HiddenValue, PostgresAddress } from "./reference.ts";
import { Duration, JsonValue, Key, NotExtension, Plan, RelativePath } from "./scalar.ts";
import { ScheduleSpec } from "./schedule.ts";

/** Most retries of one run. */
const RETRIES_MAX = 25;

const work = {
  uses: Key.optional().meta({
    description: "Name of the job in the runtime's catalog.",
    examples: ["digest"],
  }),
  command: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: "Command of the app, instead of uses.",
      examples: ["pnpm webhooks:reconcile"],
    }),
  options: z
    .record(NotExtension, JsonValue)
    .optional()
    .meta({
      description:
        "Options of the catalog job. Each option may be bound to a variable of the process: { env: NAME, default: value }.",
      examples: [{ keep: 100 }, { keep: { env: "DEAD_LETTER_KEEP", default: 100 } }],
    }),
  schedule: ScheduleSpec,
};

const owner = {
  in: Key.optional().meta({
    description:
      "In-service job: the service whose runtime runs the job. The job can use the service's disk.",
    examples: ["api"],
  }),
  on: z
    .enum(["render", "vm"])
    .optional()
    .meta({
      description:
        "render: a Render cron job starts the job, which cannot use a disk. vm: a timer on the VM starts the job.",
      examples: ["render"],
    }),
  calls: Key.optional().meta({
    description:
      "With on: render: the service that runs the job. The cron job only triggers it over the private network, with a token.",
    examples: ["web"],
  }),
  vm: Key.optional().meta({
    description: "With on: vm: which VM, when there are several.",
    examples: ["main"],
  }),
  by: z
    .literal("app")
    .optional()
    .meta({
      description:
        "app: the app runs the job itself. The runtime watches the job and never starts it.",
      examples: ["app"],
    }),
  of: Key.optional().meta({
    description: "With by: app: the service that contains the app, when there are several.",
    examples: ["api"],
  }),
};

const column = z.string().min(1).optional();

/** Where the app keeps the runs that it makes by itself. */
const AppRunsSpec = z
  .strictObject({
    url: PostgresAddress.meta({ description: "The Postgres.", examples: [{ database: "main" }] }),
    table: z
      .string()
      .min(1)
      .meta({
        description: "Name of the table, with one row per job.",
        examples: ["scheduler_job_runs"],
      }),
    columns: z
      .strictObject({
        job: column.meta({ description: "Name of the job.", examples: ["job_name"] }),
        lastRunAt: column.meta({ description: "Time of the last run.", examples: ["last_run_at"] }),
        status: column.meta({ description: "Outcome of the run.", examples: ["status"] }),
        durationMs: column.meta({ description: "Duration of the run.", examples: ["duration_ms"] }),
        error: column.meta({ description: "Error of the run.", examples: ["error_snippet"] }),
      })
      .optional()
      .meta({
        description: "Names of the columns, where they differ from the examples.",
        examples: [{ job: "name" }],
      }),
    job: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Name of the job in the app.", examples: ["apisports_refresh"] }),
  })
  .meta({ id: "appRuns" });

const watched = {
  appRuns: AppRunsSpec.optional().meta({
    description:
      "With by: app: the app's own table of runs. Without this key the app reports each run to the runtime.",
    examples: [{ url: { database: "main" }, table: "scheduler_job_runs" }],
  }),
};

const cron = {
  like: Key.optional().meta({
    description:
      "With on: render and a command: the service whose source, runtime, build and environment it shares.",
    examples: ["api"],
  }),
  name: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: "Name of the cron job on Render. Default: <system>-<key>.",
      examples: ["nightly-purge"],
    }),
  plan: Plan.optional().meta({
    description: "Instance type of the cron job. Default: starter.",
    examples: ["starter"],
  }),
  env: EnvSpec.optional(),
  envGroups: z
    .array(Key)
    .optional()
    .meta({ description: "Env groups that the cron job uses.", examples: [["shared"]] }),
};

const running = {
  deadline: Duration.optional().meta({
    description: "Maximum duration of a run. A longer run is stopped.",
    examples: ["10m"],
  }),
  grace: Duration.optional().meta({
    description:
      "Time between SIGTERM and SIGKILL of the processes that a run started. Default: 10s.",
    examples: ["10s"],
  }),
  latestStart: Duration.optional().meta({
    description:
      "Maximum delay of a start. A run that cannot start within this time after its slot is skipped.",
    examples: ["30m"],
  }),
  catchUp: z
    .union([
      z.enum(["none", "latest", "all"]),
      z.strictObject({
        max: z
          .int()
          .min(1)
          .meta({ description: "Maximum number of missed runs that are started.", examples: [24] }),
      }),
    ])
    .optional()
    .meta({
      description:
        "Which missed runs are started after an outage: none, the latest one, all, or at most a number. Default: latest.",
      examples: ["latest", { max: 24 }],
    }),
  jitter: Duration.optional().meta({
    description:
      "Maximum delay of each start. The delay of a job is stable and spreads the starts of several jobs.",
    examples: ["30s"],
  }),
  ping: HiddenValue.optional().meta({
    description: "Healthchecks.io-style URL that is pinged at the start and the end of each run.",
    examples: [{ secret: "BACKUP_PING_URL" }],
  }),
  overlap: z
    .enum(["forbid", "queue", "replace", "allow"])
    .optional()
    .meta({
      description:
        "Concurrency policy when the job is due while it is running. forbid skips the new run. Default: forbid.",
      examples: ["forbid"],
    }),
  lock: z
    .strictObject({
      database: Key.optional().meta({
        description: "Database that holds the lease.",
        examples: ["main"],
      }),
      keyValue: Key.optional().meta({
        description: "Key Value store that holds the lease.",
        examples: ["queue"],
      }),
      ttl: Duration.optional().meta({
        description:
          "Time to live of the lease. Another process takes it over when its holder is lost.",
        examples: ["60s"],
      }),
    })
    .optional()
    .meta({
      description: "Lease that several processes acquire, so that only one of them runs the job.",
      examples: [{ keyValue: "queue", ttl: "60s" }],
    }),
  retries: z
    .strictObject({
      max: z
        .int()
        .min(1)
        .max(RETRIES_MAX)
        .meta({ description: "Maximum number of retries.", examples: [3] }),
      backoff: Duration.optional().meta({
        description: "Wait before the first retry. It doubles with each retry.",
        examples: ["5s"],
      }),
      on: z
        .array(z.int().min(1).max(255))
        .min(1)
        .optional()
        .meta({
          description: "Exit codes that are retried. Default: every failure except 78.",
          examples: [[75]],
        }),
    })
    .optional()
    .meta({ description: "Retries of a failed run.", examples: [{ max: 3, backoff: "5s" }] }),
  toggles: z
    .array(Key)
    .optional()
    .meta({
      description: "Toggles that must all be on; otherwise the job does nothing.",
      examples: [["recruitment-reports"]],
    }),
  disabledBy: RelativePath.optional().meta({
    description:
      "File whose presence disables the job. A run then does nothing and is recorded as skipped.",
    examples: ["tools/.digest_disabled"],
  }),
  silencedBy: RelativePath.optional().meta({
    description:
      "JSON file with silenced_until (epoch seconds). The job sends nothing until that time.",
    examples: ["logs/alerts_silenced.json"],
  }),
  alerts: z
    .strictObject({
      on: z
        .array(z.enum(["fail", "late", "stuck", "recovered"]))
        .min(1)
        .meta({ description: "Events that send an alert.", examples: [["fail", "late"]] }),
      after: z
        .int()
        .min(1)
        .optional()
        .meta({
          description: "Number of consecutive failures before an alert fires. Default: 1.",
          examples: [2],
        }),
    })
    .optional()
    .meta({
      description: "Alerts of the job.",
      examples: [{ on: ["fail", "late"], after: 2 }],
    }),
};

/** Something that runs, ends, and leaves a record. */
export const JobSpec = z
  .strictObject({ ...work, ...owner, ...watched, ...cron, ...running, ...keyed })
  .meta({
    id: "job",
    description:
      "A job runs, finishes and leaves a run record. It has exactly one owner: in, on or by.",
    examples: [{ uses: "digest", schedule: { weekdays: "13:00" }, on: "render", calls: "web" }],
  });

export type JobSpec = z.infer<typeof JobSpec>;
