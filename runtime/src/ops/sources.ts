import * as z from "zod/mini";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ManifestToggle } from "../contract/source.ts";
import { openRedis } from "../databases/redis.ts";
import { HttpError, json, unknownName } from "../http.ts";
import { behindLinks } from "../jobs/file.ts";
import { logChange, named, type OpsContext, type OpsRoute, readChange } from "./api.ts";
import type { ProcessContext, ProcessStores } from "../run/process.ts";
import type { RunProcess } from "../run/run.ts";
import { ALL_CACHES, namedCaches, refreshBounded, refreshRequestOf } from "../sources/caches.ts";
import { viewQueues } from "../sources/queues.ts";

/**
 * Caches, which are refreshed in the background, queues with their current lengths, and toggles,
 * which operators switch while the system runs.
 */
export const sourceRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/caches",
    answer: async (c) => json(200, { caches: c.var.ops.process.caches.snapshots() }),
  },
  { method: "POST", path: "/ops/caches/:bucket/refresh", answer: refresh },
  {
    method: "GET",
    path: "/ops/queues",
    answer: async (c) => json(200, { queues: await viewQueues(c.var.ops.process) }),
  },
  { method: "GET", path: "/ops/toggles", answer: listToggles },
  { method: "POST", path: "/ops/toggles/:name", answer: switchToggle },
];

async function refresh(c: OpsContext): Promise<Response> {
  const { caches } = c.var.ops.process;
  const asked = c.req.param("bucket") ?? "";
  const buckets = namedCaches(caches, asked);
  if (!buckets) {
    const known = caches.snapshots().map(({ name }) => name);
    throw unknownName("cache", asked, [...known, ALL_CACHES]);
  }
  const { actor } = await readChange(c, {});
  logChange(c, { actor, did: "refresh caches", buckets });
  const { refreshed, running } = await refreshBounded(caches, buckets, refreshRequestOf(actor));
  return running.length === 0 ? json(200, { refreshed }) : json(202, { refreshed, running });
}

async function listToggles(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const toggles = process.manifest.toggles ?? [];
  await Promise.all(toggles.map(({ name }) => process.toggles.isOn(name)));
  return json(200, { toggles: await viewToggles(process) });
}

async function switchToggle(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const toggle = named("toggle", process.manifest.toggles ?? [], c.req.param("name") ?? "");
  const { on, actor } = await readChange(c, { on: z.boolean() });
  const change = { on, by: actor, at: process.clock.now().toISOString() };
  await turnToggle(process, toggle, change);
  await noteToggleChange(process, toggle.name, change);
  logChange(c, { actor, did: "switch a toggle", toggle: toggle.name, on });
  await process.toggles.reload();
  const views = await viewToggles(process);
  const view = views.find(({ name }) => name === toggle.name);
  return json(200, view);
}

/** The toggles with their last changes, and whether this API can switch them. */
async function viewToggles(process: RunProcess) {
  const changes = await toggleChanges(process);
  const states = new Map(process.toggles.all().map((state) => [state.name, state]));
  const views = (process.manifest.toggles ?? []).map(async (toggle) => {
    const state = states.get(toggle.name);
    if (!state) return [];
    const last = await lastChange(process, toggle, { change: changes[toggle.name], on: state.on });
    return [{ ...state, ...last, canSwitch: READ_ONLY[toggle.reader.kind] === undefined }];
  });
  return (await Promise.all(views)).flat();
}

/** Name of the document with the last change of each toggle. */
const MEMORY = "ops-toggles";

/** A change of a toggle; the time is ISO 8601 in UTC. */
const Change = z.object({ on: z.boolean(), by: z.string(), at: z.iso.datetime() });
type Change = Readonly<z.infer<typeof Change>>;
type Changes = Readonly<Record<string, Change>>;

/** The last changes of a process without a store; they are lost when it ends. */
const unstored = new WeakMap<ProcessStores, Changes>();

/** The last change of each toggle that this API made. */
async function toggleChanges(process: ProcessStores): Promise<Changes> {
  const memory = await process.memory();
  const changes = memory ? await memory.read(MEMORY) : unstored.get(process);
  return z.record(z.string(), Change).safeParse(changes).data ?? {};
}

/** Stores a change. Of two simultaneous changes by two processes, one may be lost. */
async function noteToggleChange(process: ProcessStores, name: string, change: Change) {
  const changes = { ...(await toggleChanges(process)), [name]: change };
  const memory = await process.memory();
  if (memory) await memory.write(MEMORY, changes);
  else unstored.set(process, changes);
}

/**
 * When and by whom a toggle was switched last: the change that led to its state. For a marker file
 * that somebody else created it is the file's time. Nothing is known of other changes.
 */
async function lastChange(
  { directory }: ProcessContext,
  { reader }: ManifestToggle,
  { change, on }: { readonly change: Change | undefined; readonly on: boolean },
) {
  if (change?.on === on) return { changedAt: change.at, changedBy: change.by };
  if (reader.kind !== "marker" || on) return { changedAt: null, changedBy: null };
  const found = await stat(resolve(directory, reader.path)).catch(() => undefined);
  return { changedAt: found?.mtime.toISOString() ?? null, changedBy: null };
}

/** Where operators switch the toggles that the runtime only reads. */
const READ_ONLY: Readonly<Partial<Record<ManifestToggle["reader"]["kind"], string>>> = {
  env: "an environment variable",
  sql: "a database",
  table: "a table",
};

/** Switches a toggle in its source, so that every other reader sees the change. */
async function turnToggle(
  { directory, env }: ProcessContext,
  { name, reader }: ManifestToggle,
  { on, by, at }: Change,
): Promise<void> {
  if (reader.kind === "marker") {
    const path = resolve(directory, reader.path);
    // The directory does not exist before the first switch.
    await mkdir(dirname(path), { recursive: true });
    // A marker on a disk is a permanent link; only its target is created and removed.
    if (on) await rm(await behindLinks(path), { force: true });
    // Only its presence counts. The text helps a person who finds the file.
    else await writeFile(path, `${JSON.stringify({ off_since: at, off_by: by })}\n`);
  } else if (reader.kind === "redis") {
    const connection = await openRedis(reader.urlEnv, env);
    try {
      await connection.use("switch a toggle", (redis) => redis.set(reader.key, on ? "on" : "off"));
    } finally {
      await connection.close();
    }
  } else {
    const where = READ_ONLY[reader.kind];
    throw new HttpError(409, `"${name}" is read from ${where}: switch it there`);
  }
}
