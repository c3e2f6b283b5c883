import { errorCode } from "../contract/error-code.ts";
import type { PersistedPath } from "./persisted-path.ts";
import type { Stats } from "node:fs";
import { lstat, readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/** One thing to do so that the app finds its data on the disk. */
export type LinkStep =
  | { readonly do: "make"; readonly path: string; readonly as: "directory" | "parent" }
  | { readonly do: "move"; readonly from: string; readonly to: string }
  | { readonly do: "drop"; readonly path: string; readonly why: string }
  | { readonly do: "remove-directory"; readonly path: string }
  | { readonly do: "link"; readonly link: string; readonly target: string; readonly was?: string };

/** What is to be done for a path, or why it must not be done. */
export interface LinkPlan {
  readonly steps: readonly LinkStep[];
  readonly problems: readonly string[];
}

const NOTHING: LinkPlan = { steps: [], problems: [] };

/** Decides, from what is there now, how a persisted path gets to the disk without losing a byte. */
export async function planLink(persisted: PersistedPath): Promise<LinkPlan> {
  const { path, link, target } = persisted;
  if (await isReachedThroughParent(persisted)) return { ...NOTHING, steps: makeTarget(persisted) };
  const [local, disk] = await Promise.all([look(link), look(target)]);
  const steps = disk?.isDirectory() ? await dropNestedLink(target) : [];
  if (disk?.isSymbolicLink()) {
    return problem(`${where(path)}: "${target}" is itself a link. Put the data there instead.`);
  }
  const make = makeTarget({ ...persisted, kind: kindOf(disk ?? local) ?? persisted.kind });
  if (!local) return { ...NOTHING, steps: [...steps, ...make, { do: "link", link, target }] };
  if (local.isSymbolicLink()) {
    const isRight = await leadsTo(link, target);
    const was = await readlink(link);
    const relink: LinkStep[] = isRight ? [] : [{ do: "link", link, target, was }];
    const targetMade = makeTarget({ ...persisted, kind: kindOf(disk) ?? persisted.kind });
    return { ...NOTHING, steps: [...steps, ...targetMade, ...relink] };
  }
  const merged = await merge({ path, from: link, to: target, root: target });
  if (merged.problems.length > 0) return { steps: [], problems: merged.problems };
  return { ...NOTHING, steps: [...steps, ...make, ...merged.steps, { do: "link", link, target }] };
}

interface Merge {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  /** Directory on the disk that the link will show; a link to it inside it would be a circle. */
  readonly root: string;
}

async function merge({ path, from, to, root }: Merge): Promise<LinkPlan> {
  const [local, disk] = await Promise.all([look(from), look(to)]);
  if (!local) return NOTHING;
  if (local.isSymbolicLink() && (await leadsTo(from, root))) {
    return { ...NOTHING, steps: [{ do: "drop", path: from, why: "a link inside its own target" }] };
  }
  if (local.isDirectory() && (!disk || disk.isDirectory())) {
    const names = (await readdir(from)).toSorted();
    const plans = await Promise.all(
      names.map((name) => merge({ path, from: join(from, name), to: join(to, name), root })),
    );
    const make: LinkStep[] = disk ? [] : [{ do: "make", path: to, as: "directory" }];
    return {
      steps: [
        ...make,
        ...plans.flatMap(({ steps }) => steps),
        { do: "remove-directory", path: from },
      ],
      problems: plans.flatMap(({ problems }) => problems),
    };
  }
  if (!local.isFile() && !local.isSymbolicLink() && !local.isDirectory()) {
    return problem(`${where(path)}: "${from}" is neither a file nor a directory. Remove it.`);
  }
  if (!disk) return { ...NOTHING, steps: [{ do: "move", from, to }] };
  if (await isSame({ from, local, to, disk })) {
    return { ...NOTHING, steps: [{ do: "drop", path: from, why: "the disk has the same" }] };
  }
  return problem(
    `${where(path)}: "${from}" and "${to}" are both there and differ. ` +
      "Remove the one that is not needed; nothing was moved.",
  );
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

/** `ln -s` into a directory that was already linked leaves a link inside the disk's own directory. */
async function dropNestedLink(target: string): Promise<LinkStep[]> {
  const nested = join(target, basename(target));
  const found = await look(nested);
  if (!found?.isSymbolicLink() || !(await leadsTo(nested, target))) return [];
  return [{ do: "drop", path: nested, why: "a link inside its own target" }];
}

/** A parent that is a link already, or an app that lives on the disk: both sides are one place. */
async function isReachedThroughParent({ link, target }: PersistedPath): Promise<boolean> {
  if (link === target) return true;
  const parents = [dirname(link), dirname(target)];
  const [here, there] = await Promise.all(
    parents.map((parent) => realpath(parent).catch(() => undefined)),
  );
  return here !== undefined && here === there;
}

function makeTarget({ target, kind }: PersistedPath): LinkStep[] {
  return [{ do: "make", path: target, as: kind === "directory" ? "directory" : "parent" }];
}

async function leadsTo(link: string, target: string): Promise<boolean> {
  if (resolve(dirname(link), await readlink(link)) === target) return true;
  const [here, there] = await Promise.all(
    [link, target].map((path) => realpath(path).catch(() => undefined)),
  );
  return here !== undefined && here === there;
}

function kindOf(stats: Stats | undefined): "directory" | "file" | undefined {
  if (!stats || stats.isSymbolicLink()) return undefined;
  return stats.isDirectory() ? "directory" : "file";
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function where(path: string): string {
  return `disk/persist "${path}"`;
}

function problem(text: string): LinkPlan {
  return { steps: [], problems: [text] };
}
