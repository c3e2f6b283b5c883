import { CATALOG, jobOptionProblems } from "@opspec/runtime/catalog";
import { parseDuration } from "@opspec/runtime/schedule";
import { nearest, type Problem } from "../../errors.ts";
import type { JobSpec } from "../../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { isSupervised } from "../supervision.ts";

/** Longest run of a Render cron job. @see https://render.com/docs/cronjobs */
const RENDER_RUN_SECONDS_MAX = 12 * 3600;

type JobPart = DeepPartial<JobSpec>;
type Rule = (spec: PartialStackSpec, path: string, job: JobPart) => Problem[];

const RULES: readonly Rule[] = [
  someWork,
  knownWork,
  handWork,
  commandOnRender,
  sweepOfTheApp,
  keepaliveInterval,
  cachesAtHand,
  renderLimits,
  lockStore,
];

/** Requires an existing catalog job or a command, and valid options. */
export function validateJobWork(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.jobs).flatMap(([key, job]) =>
    RULES.flatMap((rule) => rule(spec, `jobs/${key}`, job)),
  );
}

function someWork(
  _spec: PartialStackSpec,
  path: string,
  { uses, command, by }: JobPart,
): Problem[] {
  if (uses !== undefined && command !== undefined) {
    return [
      {
        path: `${path}/command`,
        message: "cannot be combined with uses.",
        remedy: "Keep one of them.",
      },
    ];
  }
  if (uses !== undefined || command !== undefined || by === "app") return [];
  return [{ path, message: "has neither uses nor command.", remedy: "Set uses: or command:." }];
}

function knownWork(
  _spec: PartialStackSpec,
  path: string,
  { uses, options, by }: JobPart,
): Problem[] {
  if (uses === undefined || by === "app") return [];
  if (!Object.hasOwn(CATALOG, uses)) {
    const near = nearest(uses, Object.keys(CATALOG));
    const remedy =
      near === undefined
        ? `Known: ${Object.keys(CATALOG).join(", ")}; or use command:.`
        : `Did you mean "${near}"?`;
    return [{ path: `${path}/uses`, message: `there is no job "${uses}" in the catalog.`, remedy }];
  }
  return jobOptionProblems(uses, options ?? {}).map(({ option, message, remedy }) => ({
    path: `${path}/options${option === "" ? "" : `/${option}`}`,
    message,
    remedy,
  }));
}

/** A required manual input does not exist in a scheduled run, so each run would fail. */
function handWork(_spec: PartialStackSpec, path: string, { uses, schedule }: JobPart): Problem[] {
  const isByHand = uses !== undefined && CATALOG[uses]?.byHandOnly === true;
  if (!isByHand || schedule === undefined || "manual" in schedule) return [];
  return [
    {
      path: `${path}/schedule`,
      message: `"${uses}" can only be started manually.`,
      remedy: "Use { manual: true }.",
    },
  ];
}

/** A cron job with a command needs an image that has both the command and the runtime. */
function commandOnRender(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const at = job.command === undefined ? "options/command" : "command";
  const command = job.command ?? job.options?.["command"];
  if (job.on !== "render" || job.calls !== undefined || command === undefined) return [];
  if (job.like === undefined) {
    return [
      {
        path: `${path}/${at}`,
        message: "a Render cron job needs the service whose code contains the command.",
        remedy: "Set like: to the service whose code contains it.",
      },
    ];
  }
  const service = spec.services?.[job.like];
  if (!service || isSupervised(service)) return [];
  return [
    {
      path: `${path}/like`,
      message: `the image of "${job.like}" does not have the runtime.`,
      remedy: `Copy /opt/opspec into it and set supervise: true in services/${job.like}.`,
    },
  ];
}

/** The runtime's default queue. */
const SWEPT_QUEUE = "jobs";

/**
 * An app that sweeps by itself declares uses: queue-sweep and by: app. Two sweepers with different
 * timeouts would give one entry to two workers.
 */
function sweepOfTheApp(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  if (job.uses !== "queue-sweep" || job.by === "app") return [];
  const queue = sweptQueue(job);
  const own = entriesOf(spec.jobs).find(
    ([, it]) => it.uses === "queue-sweep" && it.by === "app" && sweptQueue(it) === queue,
  );
  if (!own) return [];
  return [
    {
      path: `${path}/uses`,
      message: `the app sweeps "${queue}" by itself (jobs/${own[0]}), so an entry would be requeued twice.`,
      remedy: `Remove this job, or jobs/${own[0]} when the app no longer does it.`,
    },
  ];
}

function sweptQueue({ options }: JobPart): string {
  const queue = options?.["queue"];
  return typeof queue === "string" ? queue : SWEPT_QUEUE;
}

/** Shortest interval of a keepalive, in s; the same as in the runtime. */
const KEEPALIVE_SECONDS_MIN = 60;

/** More frequent requests only cause load. */
function keepaliveInterval(_spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const every = job.schedule && "every" in job.schedule ? job.schedule.every : undefined;
  if (job.uses !== "keepalive" || job.by === "app" || every === undefined) return [];
  if (parseDuration(every) >= KEEPALIVE_SECONDS_MIN) return [];
  return [
    {
      path: `${path}/schedule/every`,
      message: `a keepalive asks at most once in ${KEEPALIVE_SECONDS_MIN}s, got "${every}".`,
      remedy: `Give it an interval of at least ${KEEPALIVE_SECONDS_MIN}s.`,
    },
  ];
}

/** Caches are in the memory of a service, so a job in another process would refresh a copy that nobody reads. */
function cachesAtHand(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const { uses, by, options = {} } = job;
  const asksApp = ["path", "url", "urlEnv"].some((it) => options[it] !== undefined);
  if (uses !== "cache-refresh" || by === "app" || asksApp) return [];
  const key = job.in ?? job.calls;
  if (key === undefined) {
    if (job.on === undefined) return [];
    const message = "caches are in the memory of a service, and this job cannot reach it.";
    const remedy =
      "Run it in the service (in: <service>), or set options/path when the app has them.";
    return [{ path: `${path}/on`, message, remedy }];
  }
  const service = spec.services?.[key];
  if (!service || (service.caches ?? []).length > 0) return [];
  const message = `"${key}" has no caches.`;
  const remedy = `List them in services/${key}/caches, or set options/path when the app has them.`;
  return [{ path: `${path}/uses`, message, remedy }];
}

function renderLimits(_spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  if (job.on !== "render") return [];
  const problems: Problem[] = [];
  if (job.plan === "free") {
    problems.push({
      path: `${path}/plan`,
      message: "Render runs no cron job on the free plan.",
      remedy: "Use plan: starter.",
    });
  }
  if (job.calls === undefined && (job.overlap === "allow" || job.overlap === "replace")) {
    problems.push({
      path: `${path}/overlap`,
      message: `Render starts one run at a time and delays the next one, so "${job.overlap}" is not possible.`,
      remedy: "Use forbid or queue, or run the job in a service (in: <service>).",
    });
  }
  if (job.deadline !== undefined && parseDuration(job.deadline) > RENDER_RUN_SECONDS_MAX) {
    problems.push({
      path: `${path}/deadline`,
      message: `Render ends a run after 12h, got "${job.deadline}".`,
      remedy: "Split the work.",
    });
  }
  return problems;
}

function lockStore(_spec: PartialStackSpec, path: string, { lock }: JobPart): Problem[] {
  if (!lock || (lock.database === undefined) !== (lock.keyValue === undefined)) return [];
  const isNone = lock.database === undefined;
  return [
    {
      path: `${path}/lock`,
      message: isNone ? "has no store." : "has two stores.",
      remedy: "Set database: or keyValue:.",
    },
  ];
}
