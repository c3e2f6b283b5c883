import type { ManifestJob } from "../contract/job.ts";

/** A run of this process that is waiting or running. */
export interface PolicyRun {
  readonly job: string;
  readonly runId: string;
  readonly startedAt: string;
  /** Aborted when it must not start any more. */
  readonly signal: AbortSignal;
  /** Aborts it because a newer run replaces it. */
  replace(): void;
}

/** The run may start, or another run of its job keeps it from starting. */
export type Entry =
  | { readonly leave: () => void }
  | { readonly busy: PolicyRun; readonly isQueueFull: boolean };

interface Running {
  readonly run: PolicyRun;
  readonly left: Promise<void>;
}

/** Applies the concurrency policy of each job within one process; between processes, leases do. */
export class ConcurrencyPolicy {
  readonly #running = new Map<string, Set<Running>>();
  readonly #waiting = new Set<string>();

  /**
   * Admits a run, now or when the one before it has ended.
   *
   * A run that is aborted while it waits is admitted too: it checks its signal and ends at once.
   */
  async enter(policy: ManifestJob["overlap"], run: PolicyRun): Promise<Entry> {
    const [first] = this.#of(run.job);
    if (!first || policy === "allow") return this.#admit(run);
    if (policy === "queue") return this.#queue(run, first);
    if (policy !== "replace") return { busy: first.run, isQueueFull: false };
    for (const { run: older } of this.#of(run.job)) older.replace();
    await this.#free(run);
    return this.#admit(run);
  }

  async #queue(run: PolicyRun, first: Running): Promise<Entry> {
    if (this.#waiting.has(run.job)) return { busy: first.run, isQueueFull: true };
    this.#waiting.add(run.job);
    await this.#free(run);
    this.#waiting.delete(run.job);
    return this.#admit(run);
  }

  /** Waits until no run of the job is running, or this run is aborted. */
  async #free(run: PolicyRun): Promise<void> {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    run.signal.addEventListener("abort", () => resolve(), { once: true });
    while (this.#of(run.job).size > 0 && !run.signal.aborted) {
      const ends = [...this.#of(run.job)].map(({ left }) => left);
      await Promise.race([Promise.all(ends), aborted]);
    }
  }

  #admit(run: PolicyRun): Entry {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const running = { run, left };
    this.#of(run.job).add(running);
    return {
      leave: () => {
        this.#of(run.job).delete(running);
        resolve();
      },
    };
  }

  #of(job: string): Set<Running> {
    const known = this.#running.get(job);
    if (known) return known;
    const made = new Set<Running>();
    this.#running.set(job, made);
    return made;
  }
}
