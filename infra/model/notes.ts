import type { JobSpec } from "../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";
import { unmetRequirements } from "./env-rule.ts";
import { appServiceOf } from "./job-owner.ts";
import { isLonely, watcherOf } from "./job-watch.ts";
import type { Edge } from "./late-reference.ts";
import { isInFront, isSupervised } from "./supervision.ts";

/** Conventional readiness paths, which depend on other processes. */
const READINESS_PATHS = ["/ready", "/readyz", "/readiness"];

/** Maximum number of names in a note. */
const NAMES_MAX = 3;

/** Presets whose /health fails when a dependency outside the process fails. */
const DEEP_HEALTH: readonly (string | undefined)[] = [
  undefined,
  "opspec",
  "c1c-recruitment",
  "joslyn-ai-worker",
];

/** Notes that the preview shows beside the changes. A note never stops a deploy. */
export function modelNotes(spec: PartialStackSpec, late: readonly Edge[]): string[] {
  return [
    ...lateNotes(late),
    ...requirementNotes(spec),
    ...healthNotes(spec),
    ...overlapNotes(spec),
    ...watchNotes(spec),
    ...lonelyNotes(spec),
    ...silentNotes(spec),
  ];
}

function lateNotes(late: readonly Edge[]): string[] {
  return late.map(({ from, variable, to }) => {
    const path = `services/${from}/env/${variable}`;
    if (from === to)
      return `${path} is set after "${to}" exists, because it is the service's own address.`;
    return `${path} is set after "${to}" exists, because they refer to each other.`;
  });
}

function requirementNotes(spec: PartialStackSpec): string[] {
  return unmetRequirements(spec, "warn").map(
    ({ service, variable }) => `services/${service} has no ${variable}, which is recommended.`,
  );
}

function healthNotes(spec: PartialStackSpec): string[] {
  return entriesOf(spec.services).flatMap(([key, service]) => {
    const { health, healthPreset } = service;
    const isDeep = isInFront(service) && health === "/health" && DEEP_HEALTH.includes(healthPreset);
    if (health === undefined || !(isDeep || READINESS_PATHS.includes(health))) return [];
    return [
      `services/${key}/health is ${health}: if it depends on something outside, an outage there restarts the service again and again.`,
    ];
  });
}

/** Render starts the new version before it ends the old one, unless a disk forbids that. */
function overlapNotes(spec: PartialStackSpec): string[] {
  const jobsBy = Map.groupBy(entriesOf(spec.jobs), ([, job]) => job.in ?? appOf(spec, job));
  return entriesOf(spec.services).flatMap(([key, service]) => {
    const { type, disk, stores } = service;
    const isFenced = disk ?? stores?.coordination ?? spec.stores?.coordination;
    if (isFenced || type === "container" || !isSupervised(service)) return [];
    const jobs = (jobsBy.get(key) ?? []).filter(([, job]) => !job.lock).map(([name]) => name);
    if (jobs.length === 0) return [];
    return [
      `services/${key} has neither a disk nor stores/coordination: while a new version starts, the old one runs beside it, and both may run ${someOf(jobs)}.`,
    ];
  });
}

function appOf(spec: PartialStackSpec, job: DeepPartial<JobSpec>): string | undefined {
  return job.by === "app" ? appServiceOf(spec, job) : undefined;
}

function watchNotes(spec: PartialStackSpec): string[] {
  return entriesOf(spec.jobs).flatMap(([key, job]) => {
    const app = appOf(spec, job);
    const service = app === undefined ? undefined : spec.services?.[app];
    if (!service || isSupervised(service)) return [];
    return [
      `jobs/${key} is not watched: services/${app} does not run under the runtime, to which its app could report.`,
    ];
  });
}

function lonelyNotes(spec: PartialStackSpec): string[] {
  if (watcherOf(spec) !== undefined) return [];
  return entriesOf(spec.jobs).flatMap(([key, job]) =>
    isLonely(job) && job.ping === undefined
      ? [
          `jobs/${key}: no other process can report that it is late or stuck. Add ping to the job, or stores/records and a supervised service to the stack.`,
        ]
      : [],
  );
}

function silentNotes(spec: PartialStackSpec): string[] {
  if (Object.keys(spec.alerts?.channels ?? {}).length > 0) return [];
  const jobs = entriesOf(spec.jobs)
    .filter(([, { alerts }]) => alerts !== undefined)
    .map(([key]) => key);
  if (jobs.length === 0) return [];
  return [
    `alerts of ${someOf(jobs)} have no channel, so nobody receives them. Declare one under alerts/channels.`,
  ];
}

/** The first names, and the number of the others. */
function someOf(names: readonly string[]): string {
  const rest = names.length - NAMES_MAX;
  if (rest <= 0) return names.join(", ");
  return `${names.slice(0, NAMES_MAX).join(", ")} and ${rest} more`;
}
