import type { RuntimeManifest } from "../contract/manifest.ts";
import { planLink, type LinkStep } from "./link-plan.ts";
import { persistedPaths, strayPaths, type PersistedPath } from "./persisted-path.ts";
import { StartRefused } from "./start-refused.ts";
import type { Logger } from "pino";
import { lstatSync } from "node:fs";
import { mkdir, rename, rm, rmdir, stat, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { moveTo } from "../jobs/file.ts";

/**
 * Links every persisted path of the app's directory to the disk, before the app starts.
 *
 * Data that is found in a real directory goes to the disk, which is never overwritten: when both
 * sides have different files of one name, nothing at all is moved and the start is refused.
 *
 * @returns the paths that are links now; one whose parent leads to the disk already needs none
 * @throws StartRefused naming both sides of every clash
 */
export async function linkPersisted(
  manifest: RuntimeManifest,
  directory: string,
  log: Logger,
): Promise<PersistedPath[]> {
  const { disk } = manifest;
  if (!disk || disk.persist.length === 0) return [];
  await checkDisk(disk);
  const paths = persistedPaths(manifest, directory);
  const plans = await Promise.all(paths.map(planLink));
  const problems = plans.flatMap((plan) => plan.problems);
  if (problems.length > 0) throw new StartRefused(problems);
  for (const [index, { steps }] of plans.entries()) {
    for (const step of steps) await takeStep(step, log.child({ path: paths[index]?.path }));
  }
  return paths.filter(({ link }) => lstatSync(link).isSymbolicLink());
}

async function checkDisk({ mount, persist }: { mount: string; persist: string[] }): Promise<void> {
  const stray = strayPaths(persist).map(
    (path) => `disk/persist "${path}": does not stay inside the app's directory. Correct it.`,
  );
  const isThere = await stat(mount).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const missing = `disk/mount "${mount}": no such directory. Attach the disk there; without it, data would be lost.`;
  const problems = isThere ? stray : [...stray, missing];
  if (problems.length > 0) throw new StartRefused(problems);
}

async function takeStep(step: LinkStep, log: Logger): Promise<void> {
  switch (step.do) {
    case "make":
      await mkdir(step.as === "directory" ? step.path : dirname(step.path), { recursive: true });
      return;
    case "move":
      await moveTo(step.from, step.to);
      log.info({ from: step.from, to: step.to }, "moved to the disk");
      return;
    case "drop":
      await rm(step.path);
      log.info({ dropped: step.path, why: step.why }, "dropped");
      return;
    case "remove-directory":
      await rmdir(step.path);
      return;
    case "link":
      await replaceWithLink(step);
      if (step.was === undefined) log.info({ target: step.target }, "linked to the disk");
      else log.warn({ target: step.target, was: step.was }, "a wrong link was corrected");
  }
}

/** Makes the link beside its place and renames it, so that there is never a moment without one. */
export async function replaceWithLink({
  link,
  target,
}: {
  readonly link: string;
  readonly target: string;
}): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const fresh = `${link}.opspec-${process.pid}`;
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, link);
}
