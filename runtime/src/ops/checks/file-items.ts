import { constants } from "node:fs";
import { access, lstat, realpath } from "node:fs/promises";
import type { ProcessContext } from "../../run/process.ts";
import { type PersistedPath, persistedPaths } from "../../supervise/links.ts";
import type { CheckItem } from "./check-item.ts";

/** That the disk is there and takes files, and that each persisted path of the app leads to it. */
export async function fileItems({ manifest, directory }: ProcessContext): Promise<CheckItem[]> {
  const { disk } = manifest;
  if (!disk) return [];
  const group = "files";
  const diskProblem = await writeProblem(disk.mount);
  const mount: CheckItem = diskProblem
    ? { group, name: disk.mount, result: "FAIL", detail: diskProblem }
    : { group, name: disk.mount, result: "OK", detail: "the disk is there and can be written" };
  const paths = persistedPaths(manifest, directory).map(async (persisted): Promise<CheckItem> => {
    const { path } = persisted;
    const problem = await linkProblem(persisted);
    if (problem) return { group, name: path, result: "FAIL", detail: problem };
    return { group, name: path, result: "OK", detail: `is on the disk at ${persisted.target}` };
  });
  return [mount, ...(await Promise.all(paths))];
}

async function linkProblem(persisted: PersistedPath): Promise<string | undefined> {
  const { link, target, isMarker, kind } = persisted;
  const found = await lstat(link).catch(() => undefined);
  const [leadsTo, isAt] = await Promise.all([realOf(link), realOf(target)]);
  if (isAt === undefined) {
    // A file that was not written yet is no trouble; its link waits for it.
    const isExpected = isMarker || kind === "file";
    if (!isExpected) return "the directory is not on the disk";
    return found === undefined || found.isSymbolicLink() ? undefined : "is not on the disk";
  }
  if (leadsTo === isAt) return writeProblem(isAt);
  return found === undefined ? "the link to the disk is missing" : "does not lead to the disk";
}

async function realOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

async function writeProblem(path: string): Promise<string | undefined> {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => undefined,
    () => "cannot be read and written",
  );
}
