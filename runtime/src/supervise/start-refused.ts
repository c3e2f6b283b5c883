import type { ManifestApp } from "../contract/app.ts";
import { ConfigurationError, problemLine } from "../contract/configuration-error.ts";
import { EXIT } from "../contract/exit-code.ts";
import { StoreError } from "../databases/sql-database.ts";
import type { AppControl } from "../run/app-control.ts";
import { sleep } from "../run/timer.ts";

/** Pauses before the start is attempted again, in ms; each is twice the one before. */
const PAUSE_MS_MIN = 5_000;
const PAUSE_MS_MAX = 60_000;

/** How a refused start goes on. */
interface RefusalOptions {
  /** 75: the cause may pass by itself. 78: a person must correct something. */
  readonly exitCode?: number;
  /** Another attempt has side effects, so a person must ask for it. */
  readonly isManual?: boolean;
}

/** The app must not start. It carries every problem at once, each with its remedy. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
  readonly problems: readonly string[];
  readonly exitCode: number;
  readonly isManual: boolean;

  constructor(problems: readonly string[], options: RefusalOptions = {}) {
    super(problems.join("\n"));
    this.problems = problems;
    this.exitCode = options.exitCode ?? EXIT.configuration;
    this.isManual = options.isManual ?? false;
  }
}

/**
 * Whether the process exits when the start is refused: where the manifest says so, and where no port
 * answers operators.
 */
export function exitsWhenRefused(app: ManifestApp): boolean {
  return app.refusedStart === "exit" || (app.front !== true && app.opsPort === undefined);
}

interface StartAttempts<Prepared> {
  readonly signal: AbortSignal;
  /** Prepares the start of the app. Throws when the app must not start. */
  readonly prepare: () => Promise<Prepared>;
  /** Called after an attempt that was refused. Until the next one, `app` does what operators ask for. */
  readonly onRefused: (refusal: StartRefused, app: AppControl) => void;
  readonly pauseMs?: number;
}

/**
 * Prepares the start of the app until it succeeds; undefined when the process is stopped first.
 *
 * In between, the process answers, so that operators read the reason, restore a backup, release a
 * migration, or ask for the next attempt with a restart.
 */
export async function attemptStart<Prepared>(
  attempts: StartAttempts<Prepared>,
): Promise<Prepared | undefined> {
  const { signal, prepare, onRefused } = attempts;
  let app: RefusedApp | undefined;
  for (let pauseMs = attempts.pauseMs ?? PAUSE_MS_MIN; ; pauseMs *= 2) {
    try {
      const prepared = await prepare();
      if (signal.aborted) return undefined;
      app?.attempted();
      return prepared;
    } catch (error) {
      if (signal.aborted) return undefined;
      const refusal = refusalOf(error);
      app?.attempted(refusal);
      app = new RefusedApp();
      onRefused(refusal, app);
      const untilNext = Math.min(pauseMs, PAUSE_MS_MAX);
      await app.untilNext(refusal.isManual ? Number.POSITIVE_INFINITY : untilNext, signal);
    }
    if (signal.aborted) return undefined;
  }
}

/** The refusal that an error means. Any other error is a defect and ends the process. */
export function refusalOf(error: unknown): StartRefused {
  if (error instanceof StartRefused) return error;
  if (error instanceof StoreError) {
    return new StartRefused([error.message], { exitCode: EXIT.temporary });
  }
  if (error instanceof ConfigurationError) return new StartRefused(error.problems.map(problemLine));
  throw error;
}

/** What operators and jobs may do with an app that was not started. */
class RefusedApp implements AppControl {
  readonly #asked = Promise.withResolvers<void>();
  readonly #outcome = Promise.withResolvers<void>();
  #isStopped = false;

  constructor() {
    // Without anybody who asked, nobody waits for the outcome.
    this.#outcome.promise.catch(() => {});
  }

  /** No attempt is made until `start`. */
  async stop(): Promise<void> {
    this.#isStopped = true;
  }

  /** Asks for the next attempt. */
  async start(): Promise<void> {
    this.#isStopped = false;
    this.#asked.resolve();
  }

  /** Throws when the next attempt is refused, too. */
  async check(): Promise<void> {
    await this.#outcome.promise;
  }

  async restart(): Promise<void> {
    await this.start();
    await this.check();
  }

  attempted(refusal?: StartRefused): void {
    if (refusal) this.#outcome.reject(refusal);
    else this.#outcome.resolve();
  }

  async untilNext(pauseMs: number, signal: AbortSignal): Promise<void> {
    const asked = new AbortController();
    void this.#asked.promise.then(() => asked.abort());
    const ended = AbortSignal.any([signal, asked.signal]);
    do await sleep(pauseMs, ended);
    while (this.#isStopped && !ended.aborted);
  }
}
