import { lstatSync, type Stats } from "node:fs";
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
} from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, normalize, resolve } from "node:path";
import type { Logger } from "pino";
import { errorCode } from "../contract/error-code.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { moveTo } from "../jobs/file.ts";
import { StartRefused } from "./start-refused.ts";

/** A path of the app that lives on the disk. */
export interface PersistedPath {
  /** As the spec has it. */
  readonly path: string;
  /** Where the app finds it. */
  readonly link: string;
  /** Where the data is. */
  readonly target: string;
  /** What to make when neither side exists. */
  readonly kind: "directory" | "file";
  /** Its presence is a setting, so an app that deletes it means it. */
  readonly isMarker: boolean;
}

/**
 * Links every persisted path of the app's directory to the disk, before the app starts.
 *
 * Data in a real directory moves to the disk and never overwrites anything there. When both sides
 * have different files of one name, nothing moves and the start is refused.
 *
 * @returns the paths that are links now; a path whose parent leads to the disk needs none
 * @throws StartRefused naming both sides of every conflict
 */
export async function linkPersisted(
  manifest: RuntimeManifest,
  directory: string,
  log: Logger,
): Promise<PersistedPath[]> {
  const { disk } = manifest;
  if (!disk || disk.persist.length === 0) return [];
  await requireDisk(disk);
  const paths = persistedPaths(manifest, directory);
  const plans = await Promise.all(paths.map((it) => planLink(it, log.child({ path: it.path }))));
  const problems = plans.flatMap((plan) => plan.problems);
  if (problems.length > 0) throw new StartRefused(problems);
  for (const step of plans.flatMap(({ steps }) => steps)) await step();
  return paths.filter(({ link }) => lstatSync(link).isSymbolicLink());
}

/**
 * The persisted paths of a process. A path inside another persisted directory needs no link.
 *
 * Until one side exists, the manifest decides: a marker and a path with an extension are files,
 * everything else is a directory.
 */
export function persistedPaths(manifest: RuntimeManifest, directory: string): PersistedPath[] {
  const { disk } = manifest;
  if (!disk) return [];
  const markers = new Set(markerPaths(manifest).map((path) => resolve(directory, path)));
  const paths = [...new Set(disk.persist.map((path) => normalize(path).replace(/\/+$/, "")))];
  const outermost = paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`)));
  return outermost.toSorted().map((path) => {
    const link = resolve(directory, path);
    const isMarker = markers.has(link);
    const kind = isMarker || extname(path) !== "" ? "file" : "directory";
    return { path, link, target: join(disk.mount, path), kind, isMarker };
  });
}

function markerPaths(manifest: RuntimeManifest): string[] {
  const toggles = (manifest.toggles ?? []).flatMap(({ reader }) =>
    reader.kind === "marker" ? [reader.path] : [],
  );
  return [...toggles, ...manifest.jobs.flatMap(({ silencedBy }) => silencedBy ?? [])];
}

async function requireDisk({ mount, persist }: { mount: string; persist: string[] }) {
  const problems = persist
    .filter(leavesDirectory)
    .map((path) => `disk/persist "${path}": leads out of the app's directory. Correct it.`);
  const isThere = await stat(mount).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isThere) {
    problems.push(
      `disk/mount "${mount}": no such directory. Attach the disk there; without it, data would be lost.`,
    );
  }
  if (problems.length > 0) throw new StartRefused(problems);
}

function leavesDirectory(path: string): boolean {
  const [first] = normalize(path).split("/");
  return isAbsolute(path) || first === "." || first === "..";
}

/** Everything that one path needs. The plans of all paths are made before the first step runs. */
interface LinkPlan {
  readonly persisted: PersistedPath;
  readonly log: Logger;
  readonly steps: (() => Promise<unknown>)[];
  readonly problems: string[];
}

async function planLink(persisted: PersistedPath, log: Logger): Promise<LinkPlan> {
  const { link, target, kind } = persisted;
  const plan: LinkPlan = { persisted, log, steps: [], problems: [] };
  const { steps, problems } = plan;
  if (await isOnePlace(persisted)) {
    steps.push(() => makeTarget(target, kind));
    return plan;
  }
  const [local, disk] = await Promise.all([statOf(link), statOf(target)]);
  if (disk?.isSymbolicLink()) {
    problems.push(`${where(plan)}: "${target}" is itself a link. Put the data there instead.`);
    return plan;
  }
  // `ln -s` into a directory that was linked before leaves a link inside the disk's directory.
  const nested = join(target, basename(target));
  if (disk?.isDirectory() && (await isLinkTo(nested, target))) planNestedLink(plan, nested);
  steps.push(() => makeTarget(target, kindOf(disk ?? local) ?? kind));
  if (await isLinkTo(link, target)) return plan;
  const was = local?.isSymbolicLink() ? await readlink(link) : undefined;
  if (local && was === undefined) await planMerge(plan, link, target);
  steps.push(async () => {
    await replaceWithLink(persisted);
    if (was === undefined) log.info({ target }, "linked to the disk");
    else log.warn({ target, was }, "a wrong link was corrected");
  });
  return plan;
}

/** Plans to move a local file or directory to the disk, name by name. */
async function planMerge(plan: LinkPlan, from: string, to: string): Promise<void> {
  const { steps, problems } = plan;
  const [local, disk] = await Promise.all([statOf(from), statOf(to)]);
  if (!local) return;
  if (await isLinkTo(from, plan.persisted.target)) return planNestedLink(plan, from);
  if (local.isDirectory() && (!disk || disk.isDirectory())) {
    if (!disk) steps.push(() => mkdir(to, { recursive: true }));
    for (const name of (await readdir(from)).toSorted()) {
      await planMerge(plan, join(from, name), join(to, name));
    }
    steps.push(() => rmdir(from));
  } else if (!local.isFile() && !local.isSymbolicLink() && !local.isDirectory()) {
    problems.push(`${where(plan)}: "${from}" is neither a file nor a directory. Remove it.`);
  } else if (!disk) {
    steps.push(async () => {
      await moveTo(from, to);
      plan.log.info({ from, to }, "moved to the disk");
    });
  } else if (await isSame({ from, local, to, disk })) {
    planDrop(plan, from, "the disk has the same");
  } else {
    problems.push(
      `${where(plan)}: "${from}" and "${to}" both exist and differ. ` +
        "Remove the one that is not needed; nothing was moved.",
    );
  }
}

function planNestedLink(plan: LinkPlan, path: string): void {
  planDrop(plan, path, "a link inside its own target");
}

function planDrop({ steps, log }: LinkPlan, path: string, why: string): void {
  steps.push(async () => {
    await rm(path);
    log.info({ dropped: path, why }, "dropped");
  });
}

function where({ persisted }: LinkPlan): string {
  return `disk/persist "${persisted.path}"`;
}

/** Whether both sides are one path: the parent is a link already, or the app lives on the disk. */
async function isOnePlace({ link, target }: PersistedPath): Promise<boolean> {
  return link === target || (await isSamePath(dirname(link), dirname(target)));
}

async function isLinkTo(path: string, target: string): Promise<boolean> {
  if (!(await statOf(path))?.isSymbolicLink()) return false;
  return (
    resolve(dirname(path), await readlink(path)) === target || (await isSamePath(path, target))
  );
}

async function isSamePath(one: string, other: string): Promise<boolean> {
  const [here, there] = await Promise.all(
    [one, other].map((path) => realpath(path).catch(() => undefined)),
  );
  return here !== undefined && here === there;
}

interface Pair {
  readonly from: string;
  readonly local: Stats;
  readonly to: string;
  readonly disk: Stats;
}

async function isSame({ from, local, to, disk }: Pair): Promise<boolean> {
  if (local.isSymbolicLink() && disk.isSymbolicLink()) {
    return (await readlink(from)) === (await readlink(to));
  }
  if (!local.isFile() || !disk.isFile() || local.size !== disk.size) return false;
  const [one, other] = await Promise.all([readFile(from), readFile(to)]);
  return one.equals(other);
}

function kindOf(stats: Stats | undefined): PersistedPath["kind"] | undefined {
  if (!stats || stats.isSymbolicLink()) return undefined;
  return stats.isDirectory() ? "directory" : "file";
}

async function makeTarget(target: string, kind: PersistedPath["kind"]): Promise<void> {
  await mkdir(kind === "directory" ? target : dirname(target), { recursive: true });
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Makes the link under another name and renames it, so that the path always exists. */
export async function replaceWithLink({
  link,
  target,
}: Pick<PersistedPath, "link" | "target">): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const fresh = `${link}.opspec-${process.pid}`;
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, link);
}
