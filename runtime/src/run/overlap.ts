import type { ManifestJob } from "../contract/job.ts";

/** A run that wants to begin, or has begun, in this process. */
export interface GateRun {
  readonly job: string;
  readonly runId: string;
  readonly startedAt: string;
  /** Aborted when it must not begin any more. */
  readonly signal: AbortSignal;
  /** Ends it because a newer run takes its place. */
  replace(): void;
}

/** A run may begin, or another one of its job is in the way. */
export type Entry =
  | { readonly leave: () => void }
  | { readonly busy: GateRun; readonly isQueueFull: boolean };

interface Inside {
  readonly run: GateRun;
  readonly left: Promise<void>;
}

/** What happens when a job is due while it runs, within one process. Between processes it is the lock. */
export class OverlapGate {
  readonly #inside = new Map<string, Set<Inside>>();
  readonly #waiting = new Map<string, GateRun>();

  /**
   * Lets a run begin, now or when the one before it has ended.
   *
   * A run whose signal is aborted while it waits is let in, too: it sees that and ends at once.
   */
  async enter(policy: ManifestJob["overlap"], run: GateRun): Promise<Entry> {
    const [first] = this.#of(run.job);
    if (!first || policy === "allow") return this.#admit(run);
    if (policy === "queue") return this.#queue(run, first);
    if (policy !== "replace") return { busy: first.run, isQueueFull: false };
    for (const { run: older } of this.#of(run.job)) older.replace();
    await this.#free(run);
    return this.#admit(run);
  }

  async #queue(run: GateRun, first: Inside): Promise<Entry> {
    if (this.#waiting.has(run.job)) return { busy: first.run, isQueueFull: true };
    this.#waiting.set(run.job, run);
    await this.#free(run);
    this.#waiting.delete(run.job);
    return this.#admit(run);
  }

  /** Waits until nothing of the job is inside, or the run need not begin. */
  async #free(run: GateRun): Promise<void> {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    run.signal.addEventListener("abort", () => resolve(), { once: true });
    while (this.#of(run.job).size > 0 && !run.signal.aborted) {
      const ends = [...this.#of(run.job)].map(({ left }) => left);
      await Promise.race([Promise.all(ends), aborted]);
    }
  }

  #admit(run: GateRun): Entry {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const inside = { run, left };
    this.#of(run.job).add(inside);
    return {
      leave: () => {
        this.#of(run.job).delete(inside);
        resolve();
      },
    };
  }

  #of(job: string): Set<Inside> {
    const known = this.#inside.get(job);
    if (known) return known;
    const made = new Set<Inside>();
    this.#inside.set(job, made);
    return made;
  }
}
