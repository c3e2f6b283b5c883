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

const RULES: readonly Rule[] = [someWork, knownWork, commandOnRender, renderLimits, lockStore];

/** Every job has work that exists, and options that this work knows. */
export function ensureJobWork(spec: PartialStackSpec): Problem[] {
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
      { path: `${path}/command`, message: "is given beside uses.", remedy: "Keep one of them." },
    ];
  }
  if (uses !== undefined || command !== undefined || by === "app") return [];
  return [{ path, message: "has neither uses nor command.", remedy: "Say what it does." }];
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
  return jobOptionProblems(uses, options ?? {}).map((problem) => ({
    path: `${path}/options${problem.option === "" ? "" : `/${problem.option}`}`,
    message: problem.message,
    remedy: problem.remedy,
  }));
}

/** A cron job with a command needs an image that has both the command and the runtime. */
function commandOnRender(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  if (job.on !== "render" || job.calls !== undefined || job.command === undefined) return [];
  if (job.like === undefined) {
    return [
      {
        path: `${path}/command`,
        message: "a Render cron job does not know where this command is.",
        remedy: "Say like: with the service whose code has it.",
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
      message: `Render runs one at a time and lets the next wait, so "${job.overlap}" is impossible.`,
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
      remedy: "Name one: database: or keyValue:.",
    },
  ];
}
