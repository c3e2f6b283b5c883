import * as z from "zod/mini";
import { lstat, mkdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorCode } from "../contract/error-code.ts";
import type { ManifestToggle } from "../contract/source.ts";
import { openRedis } from "../databases/redis/connection.ts";
import { HttpError, json, readJson } from "../http.ts";
import { Actor, type OpsContext, type OpsRoute, actorOf, logChange } from "./api.ts";
import type { ProcessContext, ProcessStores } from "../run/process.ts";
import type { RunProcess } from "../run/run.ts";
import type { ToggleState } from "../sources/toggles/toggles.ts";

const SwitchBody = z.strictObject({ on: z.boolean(), actor: z.optional(Actor) });

/** The toggles, which operators switch while the system runs. */
export const toggleRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/toggles", answer: listToggles },
  { method: "POST", path: "/ops/toggles/:name", answer: switchToggle },
];

/** A toggle as the API shows it. */
interface ToggleView extends ToggleState, LastChange {
  /** Whether this API can switch it. */
  readonly canSwitch: boolean;
}

async function listToggles({
  var: {
    ops: { process },
  },
}: OpsContext): Promise<Response> {
  const toggles = process.manifest.toggles ?? [];
  await Promise.all(toggles.map(({ name }) => process.toggles.isOn(name)));
  return json(200, { toggles: await viewToggles(process) });
}

async function switchToggle(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const toggle = toggleNamed(process.manifest.toggles ?? [], c.req.param("name"));
  const { on, actor: said } = await readJson(c, SwitchBody);
  if (!isSwitchable(toggle)) {
    const kind = toggle.reader.kind;
    throw new HttpError(409, `"${toggle.name}" is read from ${LOCATIONS[kind]}: switch it there`);
  }
  const actor = actorOf(c, said);
  const change = { on, by: actor, at: process.clock.now().toISOString() };
  await turnToggle(process, toggle, change);
  await noteToggleChange(process, toggle.name, change);
  logChange(c, { actor, did: "switch a toggle", toggle: toggle.name, on });
  await process.toggles.reload();
  const views = await viewToggles(process);
  return json(
    200,
    views.find(({ name }) => name === toggle.name),
  );
}

/** Locations of toggles that this API cannot switch. */
const LOCATIONS = {
  env: "an environment variable",
  sql: "a database",
  table: "a table",
  marker: "a file",
  redis: "a Redis",
} as const;

async function viewToggles(process: RunProcess): Promise<ToggleView[]> {
  const changes = await toggleChanges(process);
  const states = new Map(process.toggles.all().map((state) => [state.name, state]));
  const views = (process.manifest.toggles ?? []).map(async (toggle): Promise<ToggleView[]> => {
    const state = states.get(toggle.name);
    if (!state) return [];
    const change = changes[toggle.name];
    const last = await lastChange(process, toggle, { change, on: state.on });
    return [{ ...state, ...last, canSwitch: isSwitchable(toggle) }];
  });
  return (await Promise.all(views)).flat();
}

function toggleNamed(toggles: readonly ManifestToggle[], name: string | undefined): ManifestToggle {
  const toggle = toggles.find((it) => it.name === name);
  if (toggle) return toggle;
  const known = toggles.map((it) => it.name).join(", ") || "none";
  throw new HttpError(404, `there is no toggle "${name}"; there are: ${known}`);
}

/** Name of the document with the last change of each toggle. */
const MEMORY = "ops-toggles";

const Changes = z.record(
  z.string(),
  z.object({ on: z.boolean(), by: z.string(), at: z.iso.datetime() }),
);

/** The last changes of a process without a store; they are lost when it ends. */
const unstored = new WeakMap<ProcessStores, Record<string, ToggleChange>>();

/** The last change of each toggle that this API made. */
async function toggleChanges(
  process: ProcessStores,
): Promise<Readonly<Record<string, ToggleChange>>> {
  const memory = await process.memory();
  if (!memory) return unstored.get(process) ?? {};
  return Changes.safeParse(await memory.read(MEMORY)).data ?? {};
}

/** Stores a change. Of two simultaneous changes by two processes, one may be lost. */
async function noteToggleChange(
  process: ProcessStores,
  name: string,
  change: ToggleChange,
): Promise<void> {
  const changes = { ...(await toggleChanges(process)), [name]: change };
  const memory = await process.memory();
  if (memory) await memory.write(MEMORY, changes);
  else unstored.set(process, changes);
}

/** When and by whom a toggle was switched last. */
interface LastChange {
  readonly changedAt: string | null;
  readonly changedBy: string | null;
}

/**
 * The change that led to the toggle's state. For a marker file that somebody else created it is the
 * file's time. Nothing is known of other changes.
 */
async function lastChange(
  { directory }: Pick<ProcessContext, "directory">,
  { reader }: ManifestToggle,
  { change, on }: { readonly change: ToggleChange | undefined; readonly on: boolean },
): Promise<LastChange> {
  if (change?.on === on) return { changedAt: change.at, changedBy: change.by };
  if (reader.kind !== "marker" || on) return { changedAt: null, changedBy: null };
  const found = await stat(resolve(directory, reader.path)).catch(() => undefined);
  return { changedAt: found?.mtime.toISOString() ?? null, changedBy: null };
}

/** A toggle that the runtime can write. Operators change the others themselves, in a sheet or table. */
type SwitchableToggle = ManifestToggle & {
  readonly reader: Extract<ManifestToggle["reader"], { kind: "marker" | "redis" }>;
};

/** Whether this API can switch a toggle. */
function isSwitchable(toggle: ManifestToggle): toggle is SwitchableToggle {
  return toggle.reader.kind === "marker" || toggle.reader.kind === "redis";
}

/** Switches a toggle in its source, so that every other reader sees the change. */
async function turnToggle(
  { directory, env }: Pick<ProcessContext, "directory" | "env">,
  { reader }: SwitchableToggle,
  { on, by, at }: ToggleChange,
): Promise<void> {
  if (reader.kind === "marker") {
    const path = resolve(directory, reader.path);
    // The directory does not exist before the first switch.
    await mkdir(dirname(path), { recursive: true });
    // Only its presence counts. The text helps a person who finds the file.
    if (on) await rm(await behindLink(path), { force: true });
    else await writeFile(path, `${JSON.stringify({ off_since: at, off_by: by })}\n`);
    return;
  }
  const connection = await openRedis(reader.urlEnv, env);
  try {
    await connection.use("switch a toggle", (redis) => redis.set(reader.key, on ? "on" : "off"));
  } finally {
    await connection.close();
  }
}

/** A change of a toggle; the time is ISO 8601 in UTC. */
interface ToggleChange {
  readonly on: boolean;
  readonly by: string;
  readonly at: string;
}

/** A marker on a disk is a permanent link; only its target is created and removed. */
async function behindLink(path: string): Promise<string> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink();
    return isLink ? resolve(dirname(path), await readlink(path)) : path;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return path;
    throw error;
  }
}
