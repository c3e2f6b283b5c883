import { z } from "zod";

/** A job that the runtime knows by name. */
export interface CatalogJob {
  readonly description: string;
  /** Its options. A kind of option that is bound to an environment variable stays text here. */
  readonly options: z.ZodObject;
  /** It reads or writes files that must survive, so it runs where a disk is. */
  readonly needsDisk?: boolean;
}

/** What is wrong with one option; `option` is empty when it is about all of them. */
export interface OptionProblem {
  readonly option: string;
  readonly message: string;
  readonly remedy: string;
}

const count = z.int().min(0);
const positive = z.int().min(1);
const path = z.string().min(1);
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

/** Every job of the runtime, by the name that specs use. */
export const CATALOG: Readonly<Record<string, CatalogJob>> = {
  command: {
    description: "Runs a command of the app's own.",
    options: z.strictObject({ command: z.string().min(1).optional(), cwd: path.optional() }),
  },
  http: {
    description: "Calls a URL and expects a good answer.",
    options: z.strictObject({
      url: z.string().optional(),
      urlEnv: envName.optional(),
      method: z.enum(["GET", "POST", "PUT", "DELETE"]).optional(),
      status: z.int().min(100).max(599).optional(),
    }),
  },
  "alerts-flush": {
    description: "Sends what changed in the alerts since the last time, by mail and webhook.",
    options: z.strictObject({ samples: positive.optional(), state: path.optional() }),
    needsDisk: true,
  },
  heartbeat: {
    description: "Writes a CSV snapshot of versions, directories and variables that are set.",
    options: z.strictObject({ directory: path.optional(), variables: z.array(envName).optional() }),
    needsDisk: true,
  },
  digest: {
    description: "Writes a digest as csv, md and txt and sends it by mail.",
    options: z.strictObject({
      directory: path.optional(),
      archive: path.optional(),
      attachments: z.boolean().optional(),
    }),
    needsDisk: true,
  },
  "dead-letter-trim": {
    description: "Keeps the newest entries of a dead-letter list in Redis.",
    options: z.strictObject({
      queue: z.string().optional(),
      keep: count.optional(),
      dryRun: z.boolean().optional(),
    }),
  },
  "dead-letter-requeue": {
    description: "Puts entries of a dead-letter list back into their queue.",
    options: z.strictObject({
      queue: z.string().optional(),
      to: z.string().optional(),
      max: positive.optional(),
    }),
  },
  "queue-sweep": {
    description: "Gives jobs back whose worker did not finish them in time.",
    options: z.strictObject({
      queue: z.string().optional(),
      visibilitySeconds: positive.optional(),
    }),
  },
  purge: {
    description: "Deletes old rows from Postgres, in batches.",
    options: z.strictObject({
      tables: z.array(z.string().min(1)).min(1),
      column: z.string().optional(),
      retentionDays: positive,
      batch: positive.optional(),
    }),
  },
  reconcile: {
    description: "Works through open entries of a table with a command of the app's own.",
    options: z.strictObject({ command: z.string().min(1), limit: positive.optional() }),
  },
  "metrics-snapshot": {
    description: "Stores what a metrics path says.",
    options: z.strictObject({
      url: z.string().optional(),
      urlEnv: envName.optional(),
      directory: path.optional(),
    }),
  },
  "sqlite-backup": {
    description: "Copies a live SQLite database, verifies the copy and keeps the newest ones.",
    options: z.strictObject({
      database: path,
      directory: path,
      prefix: z.string().optional(),
      keep: positive.optional(),
    }),
    needsDisk: true,
  },
  "backup-verify": {
    description: "Restores the newest backup into a scratch file and looks at it.",
    options: z.strictObject({
      directory: path,
      prefix: z.string().optional(),
      tables: z.array(z.string()).optional(),
    }),
    needsDisk: true,
  },
  "cache-refresh": {
    description: "Asks the app to refresh one of its caches.",
    options: z.strictObject({ bucket: z.string().min(1), actor: z.string().optional() }),
  },
  keepalive: {
    description: "Asks for a page, so that a host does not put the service to sleep.",
    options: z.strictObject({
      url: z.string().optional(),
      urlEnv: envName.optional(),
      jitterPercent: count.max(50).optional(),
    }),
  },
  watchdog: {
    description: "Restarts what does not answer several times in a row.",
    options: z.strictObject({
      url: z.string().optional(),
      failures: positive.optional(),
      cooldownSeconds: count.optional(),
    }),
  },
};

/** What is wrong with the options of a job of the catalog. Values are not repeated: one may be a secret. */
export function jobOptionProblems(uses: string, options: object): OptionProblem[] {
  const schema = CATALOG[uses]?.options;
  const result = schema?.safeParse(options);
  if (!schema || !result || result.success) return [];
  const known = Object.keys(schema.shape).join(", ") || "none";
  return result.error.issues.flatMap((issue): OptionProblem[] => {
    if (issue.code === "unrecognized_keys") {
      const remedy = `It knows: ${known}.`;
      return issue.keys.map((option) => ({
        option,
        message: `"${uses}" has no such option.`,
        remedy,
      }));
    }
    const option = issue.path.join("/");
    const isMissing = issue.path.reduce<unknown>(valueAt, options) === undefined;
    if (isMissing) return [{ option, message: "is missing.", remedy: `"${uses}" needs it.` }];
    return [
      { option, message: `is of the wrong kind: ${kindOf(issue)}.`, remedy: "Correct the value." },
    ];
  });
}

function valueAt(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function kindOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    return `it should be ${/^[aeio]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
  }
  if (issue.code === "invalid_value") return `it should be ${issue.values.join(" or ")}`;
  if (issue.code === "too_small") return `it should be at least ${issue.minimum}`;
  return issue.code === "too_big" ? `it should be at most ${issue.maximum}` : "it has another form";
}
