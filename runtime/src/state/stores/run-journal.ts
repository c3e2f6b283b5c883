import type { RecordQuery, RunRecord, RunStart } from "../../contract/run-record.ts";

/** What happened to a run, in the order in which it was written. */
export type RunEvent =
  | { readonly event: "begin"; readonly run: RunStart }
  | { readonly event: "end"; readonly run: RunRecord };

/**
 * What a sequence of events amounts to.
 *
 * The order of the events decides everything: the end of a run that stands after the beginning of a
 * later lease of the same job and slot is not one. Events that are repeated change nothing.
 */
export class RunJournal {
  readonly #ended = new Map<string, RunRecord>();
  readonly #open = new Map<string, RunStart>();
  /** Highest fence by job and slot. */
  readonly #fences = new Map<string, number>();

  /** False for the end of a run whose lease was passed on. */
  add(event: RunEvent): boolean {
    const { run } = event;
    const slot = slotOf(run);
    const isLate = (this.#fences.get(slot) ?? 0) > run.fence;
    if (event.event === "begin") {
      if (!this.#ended.has(run.runId)) this.#open.set(run.runId, run);
    } else if (isLate) {
      return false;
    } else {
      // Set anew, so that the order is that of the ends.
      this.#ended.delete(run.runId);
      this.#ended.set(run.runId, event.run);
      this.#open.delete(run.runId);
    }
    if (!isLate) this.#fences.set(slot, run.fence);
    return true;
  }

  endOf(runId: string): RunRecord | undefined {
    return this.#ended.get(runId);
  }

  list({ job, status, since, limit }: RecordQuery): RunRecord[] {
    const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
    return [...this.#ended.values()]
      .filter((it) => job === undefined || it.job === job)
      .filter((it) => status === undefined || it.status === status)
      .filter((it) => Date.parse(it.startedAt) > sinceMs)
      .toSorted(newestFirst)
      .slice(0, limit);
  }

  unfinished(): RunStart[] {
    return [...this.#open.values()].toSorted((a, b) => newestFirst(b, a));
  }

  /** Forgets all but the newest runs of each job, and says how many it forgot. */
  prune(keepRecords: number): number {
    const byJob = Map.groupBy([...this.#ended.values(), ...this.#open.values()], (it) => it.job);
    const old = [...byJob.values()].flatMap((runs) =>
      runs.toSorted(newestFirst).slice(keepRecords),
    );
    for (const { runId } of old) {
      this.#ended.delete(runId);
      this.#open.delete(runId);
    }
    if (old.length > 0) this.#forgetSlots();
    return old.length;
  }

  /** How many runs the job has that has most. */
  largestJob(): number {
    const counts = new Map<string, number>();
    for (const { job } of [...this.#ended.values(), ...this.#open.values()]) {
      counts.set(job, (counts.get(job) ?? 0) + 1);
    }
    return Math.max(0, ...counts.values());
  }

  #forgetSlots(): void {
    const kept = new Set([...this.#ended.values(), ...this.#open.values()].map(slotOf));
    for (const slot of this.#fences.keys()) if (!kept.has(slot)) this.#fences.delete(slot);
  }

  /** Events that amount to the same. */
  events(): RunEvent[] {
    const ends = [...this.#ended.values()].map((run) => ({ event: "end" as const, run }));
    const begins = [...this.#open.values()].map((run) => ({ event: "begin" as const, run }));
    return [...ends, ...begins];
  }
}

function slotOf({ job, scheduledFor }: RunStart): string {
  return JSON.stringify([job, Date.parse(scheduledFor)]);
}

function newestFirst(a: RunStart, b: RunStart): number {
  return Date.parse(b.startedAt) - Date.parse(a.startedAt) || (a.runId < b.runId ? -1 : 1);
}
