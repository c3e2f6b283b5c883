import { CATALOG } from "@opspec/runtime/catalog";
import type { Problem } from "../../errors.ts";
import type { JobSpec } from "../../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

type JobPart = DeepPartial<JobSpec>;

/** Requires that the files of a job are on a disk of its process. */
export function validateJobDisks(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.jobs).flatMap(([key, job]) => {
    // The rule for job owners reports a job with two owners.
    if (job.in !== undefined && job.on !== undefined) return [];
    const path = `jobs/${key}`;
    return [
      ...outOfReach(spec, path, job),
      ...markersLost(spec, path, job),
      ...memoryLost(spec, path, job),
    ];
  });
}

/** Render's cron jobs have no disk and cannot reach that of a service. @see https://render.com/docs/cronjobs */
function outOfReach(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  if (job.on !== "render" || job.calls !== undefined) return [];
  const owner = entriesOf(spec.services).find(([, { disk }]) => disk?.mount !== undefined);
  const mount = owner?.[1].disk?.mount;
  const memory = memoryNeed(spec, job);
  const need = diskNeed(job, markersOf(spec, job), mount) ?? memory;
  if (need === undefined) return [];
  const otherwise = need === memory ? ` Or ${KEEP_RECORDS}` : "";
  if (!owner) {
    return [
      {
        path: `${path}/on`,
        message: `a Render cron job has no disk for ${need}.`,
        remedy: `Give a service a disk and use calls: with it.${otherwise}`,
      },
    ];
  }
  return [
    {
      path: `${path}/on`,
      message: `a Render cron job cannot reach the disk of "${owner[0]}" (${mount}).`,
      remedy: `Use calls: ${owner[0]}.${otherwise}`,
    },
  ];
}

/** Why a job needs a disk: a marker file, its kind, or a path of the disk in its options. */
function diskNeed(
  job: JobPart,
  [marker]: readonly Marker[],
  mount: string | undefined,
): string | undefined {
  if (marker) return `"${marker.file}"`;
  const work = job.uses === undefined ? undefined : CATALOG[job.uses];
  if (work?.needsDisk) return `what "${job.uses}" writes`;
  const place = work?.diskOptions?.find((option) => job.options?.[option] !== undefined);
  if (place !== undefined) return `its option "${place}"`;
  if (mount === undefined) return undefined;
  const texts = [job.command, ...Object.values(job.options ?? {}), ...Object.values(job.env ?? {})];
  const isUsed = texts.some(
    (text) => typeof text === "string" && ` ${text}/`.includes(` ${mount}/`),
  );
  return isUsed ? mount : undefined;
}

/** Stores that make a disk unnecessary. */
const KEEP_RECORDS = "give the stack stores: { records: … } in a database.";

/** A job that keeps state between runs needs a state store or a disk. */
function memoryNeed(spec: PartialStackSpec, job: JobPart): string | undefined {
  const work = job.uses === undefined ? undefined : CATALOG[job.uses];
  if (!work?.needsMemory || spec.stores?.records !== undefined) return undefined;
  const isPlaced = work.diskOptions?.some((option) => job.options?.[option] !== undefined);
  return isPlaced ? undefined : `what "${job.uses}" remembers`;
}

/** A service without a disk loses its files at each deploy. */
function memoryLost(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const key = job.in ?? job.calls;
  const service = key === undefined ? undefined : spec.services?.[key];
  const need = memoryNeed(spec, job);
  if (!service || need === undefined || service.type === "container") return [];
  if (service.disk !== undefined || service.stores?.records !== undefined) return [];
  return [
    {
      path: `${path}/uses`,
      message: `"${key}" has no disk for ${need}: the next deploy would lose it.`,
      remedy: `Give the service a disk, or ${KEEP_RECORDS}`,
    },
  ];
}

/** A marker file outside the persisted paths is lost at the next deploy. */
function markersLost(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const key = job.in ?? job.calls;
  const service = key === undefined ? undefined : spec.services?.[key];
  if (!service || service.type === "container") return [];
  return markersOf(spec, job).flatMap(({ at, file }) => {
    const isOnDisk = file.startsWith(`${service.disk?.mount ?? "/"}/`);
    if (isOnDisk || isPersisted(file, service.disk?.persist)) return [];
    return [
      {
        path: `${path}/${at}`,
        message: `"${file}" is not on the disk of "${key}": the next deploy would remove it.`,
        remedy: `Add it, or its directory, to services/${key}/disk/persist.`,
      },
    ];
  });
}

/** A marker file of a job, and the key that names it. */
interface Marker {
  readonly at: string;
  readonly file: string;
}

function markersOf(spec: PartialStackSpec, job: JobPart): Marker[] {
  const own = (["disabledBy", "silencedBy"] as const).flatMap((at) => {
    const file = job[at];
    return file === undefined ? [] : [{ at, file }];
  });
  const toggles = (job.toggles ?? []).flatMap((name, index) => {
    const toggle = name === undefined ? undefined : spec.toggles?.[name];
    const file = toggle && "marker" in toggle ? toggle.marker : undefined;
    return file === undefined ? [] : [{ at: `toggles/${index}`, file }];
  });
  return [...own, ...toggles];
}

/** Whether a path of the app, or its directory, is persisted on the disk. */
export function isPersisted(
  file: string,
  persist: readonly (string | undefined)[] | undefined,
): boolean {
  return (persist ?? []).some(
    (path) => path !== undefined && (file === path || file.startsWith(`${path}/`)),
  );
}
