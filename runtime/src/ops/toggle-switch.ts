import { lstat, mkdir, readlink, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ManifestToggle } from "../contract/source.ts";
import { openRedis } from "../databases/redis/connection.ts";
import type { ProcessContext } from "../run/process.ts";
import { errorCode } from "../contract/error-code.ts";

/** A toggle whose place can be written: the others are an operator's own, in his sheet or table. */
export type SwitchableToggle = ManifestToggle & {
  readonly reader: Extract<ManifestToggle["reader"], { kind: "marker" | "redis" }>;
};

/** Whether a toggle can be switched from here. */
export function isSwitchable(toggle: ManifestToggle): toggle is SwitchableToggle {
  return toggle.reader.kind === "marker" || toggle.reader.kind === "redis";
}

/** Switches a toggle in its own place, so that whoever else looks there sees it too. */
export async function turnToggle(
  { directory, env }: Pick<ProcessContext, "directory" | "env">,
  { reader }: SwitchableToggle,
  { on, by, at }: ToggleChange,
): Promise<void> {
  if (reader.kind === "marker") {
    const path = resolve(directory, reader.path);
    // Where nobody ever switched anything off, its directory is not there either.
    await mkdir(dirname(path), { recursive: true });
    // Its presence is what counts; the text is for a person who finds the file.
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

/** That somebody switched a toggle, and when (ISO 8601 in UTC). */
export interface ToggleChange {
  readonly on: boolean;
  readonly by: string;
  readonly at: string;
}

/** A marker on a disk is a link that stays: what it points to comes and goes. */
async function behindLink(path: string): Promise<string> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink();
    return isLink ? resolve(dirname(path), await readlink(path)) : path;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return path;
    throw error;
  }
}
