import { z } from "zod";
import { EnvSpec } from "./env.ts";
import { keyed } from "./keyed.ts";
import { Duration, Key, Plan, RelativePath } from "./scalar.ts";
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
    .record(z.string(), z.json())
    .optional()
    .meta({ description: "Options of the catalog's job.", examples: [{ keep: 100 }] }),
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
    })
    .optional()
    .meta({ description: "What follows a failed run.", examples: [{ max: 3, backoff: "5s" }] }),
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
export const JobSpec = z.strictObject({ ...work, ...owner, ...cron, ...running, ...keyed }).meta({
  description:
    "Something that runs, ends, and leaves a record. It has exactly one owner: in, on or by.",
  examples: [{ uses: "digest", schedule: { weekdays: "13:00" }, on: "render", calls: "web" }],
});

export type JobSpec = z.infer<typeof JobSpec>;
