import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { Logger } from "pino";
import type { AlertEvent } from "../contract/alert-event.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { replaceFile } from "../jobs/file.ts";
import type { Clock } from "../run/clock.ts";
import { silencedUntil } from "../run/silence.ts";
import type { Silence } from "./alert-state.ts";
import type { AlertStore } from "./alert-store.ts";

/** Longest silence that can be requested, in minutes; see docs/sources.md. */
export const SILENCE_MINUTES_MAX = 240;

/** What an operator asks for. */
export interface SilenceRequest {
  /** 1 to 240. */
  readonly minutes: number;
  readonly reason: string;
  readonly by: string;
  /** Part of the keys of the silenced alerts, such as a job's name; without it all are silenced. */
  readonly match?: string;
}

/** A silence as answers show it. */
export interface ActiveSilence {
  readonly id: string;
  /** ISO 8601 in UTC. */
  readonly since: string | null;
  readonly until: string;
  readonly reason: string;
  readonly by: string;
  readonly match: string | null;
}

/** The silences of a stack. */
export interface Silences {
  /** The active silences, those of the app's own files included. */
  list(): Promise<ActiveSilence[]>;
  /** Throws a RangeError for minutes out of range. */
  add(request: SilenceRequest): Promise<ActiveSilence>;
  /** Ends one silence, or all of them, and returns how many it ended. */
  cancel(id?: string): Promise<number>;
  /** Whether the app's own file silences the alerts of the job. */
  isJobSilenced(event: Pick<AlertEvent, "job">): Promise<boolean>;
}

interface SilencesOptions {
  readonly manifest: Pick<RuntimeManifest, "stack" | "jobs">;
  readonly directory: string;
  readonly store: AlertStore;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * The silences of a stack. A job may name a silence file (`silencedBy`) that the app's own page
 * reads and writes. A silence writes these files, and its end removes them.
 */
export function openSilences(options: SilencesOptions): Silences {
  const { manifest, directory, store, log, clock } = options;
  const nowMs = (): number => clock.now().getTime();
  const files = keysByFile(manifest);
  const untilOf = (file: string) => silencedUntil({ directory, file, now: clock.now(), log });
  const activeFiles = async () => {
    const all = await Promise.all(
      [...files.keys()].map(async (file) => ({ file, until: await untilOf(file) })),
    );
    return all.flatMap(({ file, until }) => (until ? [{ file, until }] : []));
  };
  return {
    list: async () => {
      const active = activeAt((await store.read()).silences, nowMs());
      const others = (await activeFiles()).filter(({ until }) => !endsWith(active, until));
      return [...active.map(shown), ...others.map(shownFile)];
    },
    add: async (request) => {
      const silence = newSilence(request, nowMs());
      await store.change([], (alerts) => {
        alerts.silences = [...activeAt(alerts.silences, silence.sinceMs), silence];
      });
      for (const [file, keys] of files) {
        if (coversAll(silence, keys)) await writeSilenceFile(options, file, silence);
      }
      log.warn(shown(silence), "alerts silenced");
      return shown(silence);
    },
    cancel: async (id) => {
      const isMeant = (it: string) => id === undefined || id === it;
      const ended = await store.change([], (alerts) => {
        const meant = alerts.silences.filter((it) => isMeant(it.id));
        alerts.silences = alerts.silences.filter((it) => !isMeant(it.id));
        return activeAt(meant, nowMs());
      });
      const removed = (await activeFiles()).filter(
        ({ file, until }) => isMeant(fileId(file)) || endsWith(ended, until),
      );
      const paths = id === undefined ? [...files.keys()] : removed.map(({ file }) => file);
      for (const it of paths) await rm(resolve(directory, it), { force: true });
      log.info({ id: id ?? null }, "silences ended");
      return Math.max(ended.length, removed.length);
    },
    isJobSilenced: async ({ job }) => {
      const file = manifest.jobs.find(({ name }) => name === job)?.silencedBy;
      return file !== undefined && (await untilOf(file)) !== undefined;
    },
  };
}

function newSilence({ minutes, ...about }: SilenceRequest, sinceMs: number): Silence {
  if (!(minutes >= 1 && minutes <= SILENCE_MINUTES_MAX)) {
    throw new RangeError(
      `minutes: should be between 1 and ${SILENCE_MINUTES_MAX}, got ${minutes}.`,
    );
  }
  return { id: randomUUID(), sinceMs, untilMs: sinceMs + minutes * 60_000, ...about };
}

function activeAt(silences: readonly Silence[], nowMs: number): Silence[] {
  return silences.filter(({ untilMs }) => untilMs > nowMs);
}

/** Whether a file with this end was written for one of the silences; the file has whole seconds. */
function endsWith(silences: readonly Silence[], until: Date): boolean {
  const seconds = Math.floor(until.getTime() / 1000);
  return silences.some(({ untilMs }) => Math.floor(untilMs / 1000) === seconds);
}

/** The silence files of the jobs, each with the keys of the alerts that it silences. */
function keysByFile({ stack, jobs }: SilencesOptions["manifest"]): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const { name, silencedBy } of jobs) {
    if (silencedBy === undefined) continue;
    files.set(silencedBy, [...(files.get(silencedBy) ?? []), `${stack}/${name}/`]);
  }
  return files;
}

/** A silence of some alerts is written only into files that silence nothing else. */
function coversAll({ match = "" }: Silence, keys: readonly string[]): boolean {
  return keys.every((it) => it.includes(match.toLowerCase()));
}

async function writeSilenceFile(
  { directory, log }: SilencesOptions,
  file: string,
  { untilMs, reason }: Silence,
): Promise<void> {
  const silence = { silenced_until: Math.floor(untilMs / 1000), reason };
  try {
    await replaceFile(resolve(directory, file), `${JSON.stringify(silence)}\n`);
  } catch (error) {
    log.error({ err: error, file }, "the app's silence file cannot be written");
  }
}

function shown({ id, sinceMs, untilMs, reason, by, match }: Silence): ActiveSilence {
  const since = new Date(sinceMs).toISOString();
  const until = new Date(untilMs).toISOString();
  return { id, since, until, reason, by, match: match ?? null };
}

function shownFile({ file, until }: { file: string; until: Date }): ActiveSilence {
  const about = { since: null, reason: `see ${file}`, by: "file", match: null };
  return { id: fileId(file), until: until.toISOString(), ...about };
}

function fileId(file: string): string {
  return `file:${file}`;
}
