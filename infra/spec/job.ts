import { z } from "zod";
import { EnvSpec } from "./env.ts";
import { keyed } from "./keyed.ts";
import { HiddenValue, PostgresAddress } from "./reference.ts";
import { Duration, JsonValue, Key, Plan, RelativePath } from "./scalar.ts";
import { ScheduleSpec } from "./schedule.ts";

/** Most retries of one run: a job that fails more often has a fault that another try does not cure. */
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
      description: "A command of the app's own, instead of uses.",
      examples: ["pnpm webhooks:reconcile"],
    }),
  options: z
    .record(z.string(), JsonValue)
    .optional()
    .meta({
      description:
        "Options of the catalog's job. Each may be bound to a variable of the process: { env: NAME, default: value }.",
      examples: [{ keep: 100 }, { keep: { env: "DEAD_LETTER_KEEP", default: 100 } }],
    }),
  schedule: ScheduleSpec,
};

const owner = {
  in: Key.optional().meta({
    description: "The service that runs the job beside its app, where its disk is.",
    examples: ["api"],
  }),
  on: z
    .enum(["render", "vm"])
    .optional()
    .meta({
      description:
        "render: a cron job of Render starts it; it can never reach a disk. vm: a timer of the VM does.",
      examples: ["render"],
    }),
  calls: Key.optional().meta({
    description:
      "With on: render: the service in which the job runs. The cron job only triggers it over the private network, with a token.",
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
      description: "app: the app runs it by itself. It is watched and never started by us.",
      examples: ["app"],
    }),
  of: Key.optional().meta({
    description: "With by: app: the service whose app it is, when there are several.",
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
      .meta({ description: "The table, one row a job.", examples: ["scheduler_job_runs"] }),
    columns: z
      .strictObject({
        job: column.meta({ description: "Name of the job.", examples: ["job_name"] }),
        lastRunAt: column.meta({ description: "Time of the last run.", examples: ["last_run_at"] }),
        status: column.meta({ description: "How it ended.", examples: ["status"] }),
        durationMs: column.meta({ description: "How long it took.", examples: ["duration_ms"] }),
        error: column.meta({ description: "What went wrong.", examples: ["error_snippet"] }),
      })
      .optional()
      .meta({
        description: "Names of its columns, where they are others than the examples.",
        examples: [{ job: "name" }],
      }),
    job: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "The app's own name of the job.", examples: ["apisports_refresh"] }),
  })
  .meta({ id: "appRuns" });

const watched = {
  appRuns: AppRunsSpec.optional().meta({
    description:
      "With by: app: the app's own table of its runs. Without it the app reports each run to the runtime.",
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
      description: "Name of the cron job on Render; <system>-<key> when it is not given.",
      examples: ["nightly-purge"],
    }),
  plan: Plan.optional().meta({
    description: "Instance type of the cron job; starter when it is not given.",
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
    description: "A run that takes longer is ended.",
    examples: ["10m"],
  }),
  grace: Duration.optional().meta({
    description: "Between SIGTERM and SIGKILL of what a run started; 10s when it is not given.",
    examples: ["10s"],
  }),
  latestStart: Duration.optional().meta({
    description: "A run that could not start so long after its time is skipped.",
    examples: ["30m"],
  }),
  catchUp: z
    .union([
      z.enum(["none", "latest", "all"]),
      z.strictObject({
        max: z
          .int()
          .min(1)
          .meta({ description: "Most runs that are caught up.", examples: [24] }),
      }),
    ])
    .optional()
    .meta({
      description:
        "What follows an outage: nothing, the latest missed run (the default), all of them, or all up to a number.",
      examples: ["latest", { max: 24 }],
    }),
  jitter: Duration.optional().meta({
    description: "Each start is later by a stable part of this, so that not all start at once.",
    examples: ["30s"],
  }),
  ping: HiddenValue.optional().meta({
    description: "A healthchecks-style URL that is told of the start and the end of each run.",
    examples: [{ secret: "BACKUP_PING_URL" }],
  }),
  overlap: z
    .enum(["forbid", "queue", "replace", "allow"])
    .optional()
    .meta({
      description: "What happens when it is due while it runs; forbid (the default) skips it.",
      examples: ["forbid"],
    }),
  lock: z
    .strictObject({
      database: Key.optional().meta({
        description: "Database that holds the lock.",
        examples: ["main"],
      }),
      keyValue: Key.optional().meta({
        description: "Key Value store that holds the lock.",
        examples: ["queue"],
      }),
      ttl: Duration.optional().meta({
        description: "After this a lost holder is given up.",
        examples: ["60s"],
      }),
    })
    .optional()
    .meta({
      description: "Where many processes agree who runs it.",
      examples: [{ keyValue: "queue", ttl: "60s" }],
    }),
  retries: z
    .strictObject({
      max: z
        .int()
        .min(1)
        .max(RETRIES_MAX)
        .meta({ description: "Tries after the first.", examples: [3] }),
      backoff: Duration.optional().meta({
        description: "Wait before the first retry; doubled each time.",
        examples: ["5s"],
      }),
      on: z
        .array(z.int().min(1).max(255))
        .min(1)
        .optional()
        .meta({
          description: "Exit codes that are tried again; every failure but 78 otherwise.",
          examples: [[75]],
        }),
    })
    .optional()
    .meta({ description: "What follows a failed run.", examples: [{ max: 3, backoff: "5s" }] }),
  toggles: z
    .array(Key)
    .optional()
    .meta({
      description: "Toggles of this stack: the job does nothing unless all of them are on.",
      examples: [["recruitment-reports"]],
    }),
  disabledBy: RelativePath.optional().meta({
    description:
      "File whose presence switches the job off: it runs, does nothing and records skipped.",
    examples: ["tools/.digest_disabled"],
  }),
  silencedBy: RelativePath.optional().meta({
    description: "JSON file with silenced_until (epoch seconds): until then the job sends nothing.",
    examples: ["logs/alerts_silenced.json"],
  }),
  alerts: z
    .strictObject({
      on: z
        .array(z.enum(["fail", "late", "stuck", "recovered"]))
        .min(1)
        .meta({ description: "What is told.", examples: [["fail", "late"]] }),
      after: z
        .int()
        .min(1)
        .optional()
        .meta({
          description: "Only after so many in a row; 1 when it is not given.",
          examples: [2],
        }),
    })
    .optional()
    .meta({
      description: "When somebody is told.",
      examples: [{ on: ["fail", "late"], after: 2 }],
    }),
};

/** Something that runs, ends, and leaves a record. */
export const JobSpec = z
  .strictObject({ ...work, ...owner, ...watched, ...cron, ...running, ...keyed })
  .meta({
    id: "job",
    description:
      "Something that runs, ends, and leaves a record. It has exactly one owner: in, on or by.",
    examples: [{ uses: "digest", schedule: { weekdays: "13:00" }, on: "render", calls: "web" }],
  });

export type JobSpec = z.infer<typeof JobSpec>;
