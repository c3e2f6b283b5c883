import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Logger } from "pino";
import type { AlertEvent } from "../contract/alert-event.ts";
import { replaceFile } from "../jobs/file.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Clock } from "../run/clock.ts";
import { silencedUntil } from "../run/silence.ts";
import type { Silence } from "./pipeline/alert-book.ts";

/** Files by which the app's own page silences jobs (`silencedBy`), by their paths in the manifest. */
export interface SilenceFiles {
  /** Those that silence something now. */
  active(): Promise<{ readonly file: string; readonly until: Date }[]>;
  /** Writes a silence into the files that silence only what is meant. */
  write(silence: Silence): Promise<void>;
  /** Removes those that are meant; how many of them silenced something. */
  remove(isMeant: (file: string, until: Date | undefined) => boolean): Promise<number>;
  /** Until when the alerts of a job are silenced by its file. */
  ofJob(event: Pick<AlertEvent, "job">): Promise<Date | undefined>;
}

interface FilesOptions {
  readonly manifest: Pick<RuntimeManifest, "stack" | "jobs">;
  readonly directory: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** The files of the jobs of a manifest. */
export function silenceFiles(options: FilesOptions): SilenceFiles {
  const { manifest, directory, clock } = options;
  const files = filesOf(manifest);
  const untilOf = (file: string) => silencedUntil({ ...options, file, now: clock.now() });
  const looks = () =>
    Promise.all([...files.keys()].map(async (file) => ({ file, until: await untilOf(file) })));
  return {
    active: async () =>
      (await looks()).flatMap(({ file, until }) => (until ? [{ file, until }] : [])),
    write: async (silence) => {
      await Promise.all(filesMeant(files, silence).map((it) => writeFile(options, it, silence)));
    },
    remove: async (isMeant) => {
      const meant = (await looks()).filter(({ file, until }) => isMeant(file, until));
      await Promise.all(meant.map(({ file }) => rm(resolve(directory, file), { force: true })));
      return meant.filter(({ until }) => until !== undefined).length;
    },
    ofJob: async ({ job }) => {
      const file = manifest.jobs.find((it) => it.name === job)?.silencedBy;
      return file === undefined ? undefined : untilOf(file);
    },
  };
}

/** The files, with the keys of the alerts that each of them silences. */
function filesOf({ stack, jobs }: FilesOptions["manifest"]): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const { name, silencedBy } of jobs) {
    if (silencedBy === undefined) continue;
    files.set(silencedBy, [...(files.get(silencedBy) ?? []), `${stack}/${name}/`]);
  }
  return files;
}

/** A silence of some alerts is written only into the files that silence nothing else. */
function filesMeant(files: ReadonlyMap<string, string[]>, { match }: Silence): string[] {
  return [...files].flatMap(([file, keys]) =>
    match === undefined || keys.every((it) => it.includes(match.toLowerCase())) ? [file] : [],
  );
}

/** Writes the file with the end of the silence in whole seconds since 1970, as apps read it. */
async function writeFile(
  { directory, log }: FilesOptions,
  file: string,
  { untilMs, reason }: Silence,
): Promise<void> {
  const silence = { silenced_until: Math.floor(untilMs / 1000), reason };
  try {
    await replaceFile(resolve(directory, file), `${JSON.stringify(silence)}\n`);
  } catch (error) {
    log.error({ err: error, file }, "the app's own file of the silence cannot be written");
  }
}
