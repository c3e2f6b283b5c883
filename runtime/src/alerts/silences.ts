import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { AlertEvent } from "../contract/alert-event.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Clock } from "../run/clock.ts";
import type { Silence } from "./pipeline/alert-book.ts";
import type { BookKeeper } from "./pipeline/book-keeper.ts";
import { silenceFiles } from "./silence-files.ts";

/** Longest silence that can be requested, in minutes; see docs/sources.md. */
export const SILENCE_MINUTES_MAX = 240;

/** What an operator asks for. */
export interface SilenceRequest {
  /** 1 to 240. */
  readonly minutes: number;
  readonly reason: string;
  /** Who asks. */
  readonly by: string;
  /** Part of the key of the alerts that are meant, such as the name of a job; without it all of them. */
  readonly match?: string;
}

/** A silence as it is told. */
export interface ActiveSilence {
  readonly id: string;
  /** ISO 8601 in UTC. */
  readonly since: string | null;
  readonly until: string;
  readonly reason: string;
  readonly by: string;
  readonly match: string | null;
}

/** Times in which operators want to hear nothing. */
export interface Silences {
  /** Those that hold now, the files of the app's own among them. */
  list(): Promise<ActiveSilence[]>;
  /** Throws a RangeError for minutes that are none. */
  add(request: SilenceRequest): Promise<ActiveSilence>;
  /** Ends all of them, or one; how many there were. */
  cancel(id?: string): Promise<number>;
  /** Until when a file of the app's own silences the alerts of a job. */
  ofJob(event: Pick<AlertEvent, "job">): Promise<Date | undefined>;
}

interface SilencesOptions {
  readonly manifest: Pick<RuntimeManifest, "stack" | "jobs">;
  readonly directory: string;
  readonly keeper: Pick<BookKeeper, "change">;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * Silences of a stack. A job may have a file that says the same (`silencedBy`), which the app's own
 * page reads and writes: it is written and removed with them.
 */
export function openSilences(options: SilencesOptions): Silences {
  const { keeper, clock, log } = options;
  const files = silenceFiles(options);
  return {
    list: async () => {
      const nowMs = clock.now().getTime();
      const active = stillActive(await keeper.change((book) => ({ result: book.silences })), nowMs);
      const others = (await files.active()).filter(({ until }) => !isOurs(active, until));
      return [...active.map(told), ...others.map(fileSilence)];
    },
    add: async (request) => {
      const silence = silenceOf(request, clock.now().getTime());
      await keeper.change((book) => ({
        book: { ...book, silences: [...stillActive(book.silences, silence.sinceMs), silence] },
        result: undefined,
      }));
      await files.write(silence);
      log.warn({ ...told(silence) }, "alerts silenced");
      return told(silence);
    },
    cancel: async (id) => {
      const isMeant = (it: string) => id === undefined || id === it;
      const ended = await keeper.change((book) => {
        const left = book.silences.filter((it) => !isMeant(it.id));
        const active = stillActive(book.silences, clock.now().getTime());
        return {
          book: { ...book, silences: left },
          result: active.filter((it) => isMeant(it.id)),
        };
      });
      const removed = await files.remove(
        (file, until) => isMeant(fileId(file)) || (until !== undefined && isOurs(ended, until)),
      );
      log.info({ id: id ?? null }, "silences ended");
      return Math.max(ended.length, removed);
    },
    ofJob: files.ofJob,
  };
}

function silenceOf({ minutes, reason, by, match }: SilenceRequest, nowMs: number): Silence {
  if (!(minutes >= 1 && minutes <= SILENCE_MINUTES_MAX)) {
    throw new RangeError(
      `minutes: should be between 1 and ${SILENCE_MINUTES_MAX}, got ${minutes}.`,
    );
  }
  const about = match === undefined ? {} : { match };
  return {
    id: randomUUID(),
    sinceMs: nowMs,
    untilMs: nowMs + minutes * 60_000,
    reason,
    by,
    ...about,
  };
}

function stillActive(silences: readonly Silence[], nowMs: number): Silence[] {
  return silences.filter((it) => it.untilMs > nowMs);
}

/** What was written for one of ours is not another silence; the file has whole seconds. */
function isOurs(active: readonly Silence[], until: Date): boolean {
  const seconds = Math.floor(until.getTime() / 1000);
  return active.some(({ untilMs }) => Math.floor(untilMs / 1000) === seconds);
}

function told({ id, sinceMs, untilMs, reason, by, match }: Silence): ActiveSilence {
  const since = new Date(sinceMs).toISOString();
  const until = new Date(untilMs).toISOString();
  return { id, since, until, reason, by, match: match ?? null };
}

function fileSilence({ file, until }: { file: string; until: Date }): ActiveSilence {
  const about = { since: null, reason: `see ${file}`, by: "file", match: null };
  return { id: fileId(file), until: until.toISOString(), ...about };
}

function fileId(file: string): string {
  return `file:${file}`;
}
