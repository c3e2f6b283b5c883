import type { ProcessContext } from "../process.ts";
import type { RunProcess } from "../run.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { ManifestJob } from "../../contract/job.ts";
import { recoverLost } from "../lost.ts";
import { nextRuns, type Schedule } from "../../schedule/schedule.ts";
import { bindSchedule } from "../../contract/bindings.ts";
import { lastSlot } from "./last-slot.ts";
import { type DueSlot, jitterMs, missedSlots } from "./plan.ts";
import { runSlot } from "./run-slot.ts";

/**
 * The clock is looked at this often at least, in milliseconds: a timer of hours would not notice
 * that the machine slept or that its clock was set.
 */
const LOOK_MS = 20_000;

/** A slot that is found so late, in milliseconds, is an outage's and follows the catch-up policy. */
const ON_TIME_MS = 60_000;

/** How often runs are looked for whose process vanished, in milliseconds. */
const LOST_LOOK_MS = 60_000;

/** Starts the jobs of a process when they are due. */
export interface Scheduler {
  /** Takes no more slots; resolves when the runs that it started have ended. */
  stop(): Promise<void>;
}

/**
 * Starts every job of the manifest that the runtime's scheduler owns.
 *
 * With a store for coordination any number of processes may do so, and each slot runs once. A
 * schedule that this environment makes wrong (a bound variable) throws before anything starts.
 */
export function startScheduler(process: RunProcess, { lookMs = LOOK_MS } = {}): Scheduler {
  const jobs = process.manifest.jobs
    .filter(({ startedBy }) => startedBy === "schedule")
    .map((job) => ({ job, schedule: scheduleOf(job, process) }));
  const stopped = new AbortController();
  const signal = AbortSignal.any([stopped.signal, process.stop.signal]);
  const loops = jobs.map((it) => new JobLoop(process, { ...it, lookMs, signal }).run());
  const all = Promise.all([...loops, lookForLost(process, signal)]);
  return {
    async stop() {
      stopped.abort();
      await all;
    },
  };
}

interface ScheduledJob {
  readonly job: ManifestJob;
  readonly schedule: Schedule;
  readonly lookMs: number;
  readonly signal: AbortSignal;
}

/** The slots of one job, one after the other. */
class JobLoop {
  readonly #process: RunProcess;
  readonly #job: ManifestJob;
  readonly #schedule: Schedule;
  readonly #lookMs: number;
  readonly #signal: AbortSignal;
  readonly #runs = new Set<Promise<void>>();

  constructor(process: RunProcess, { job, schedule, lookMs, signal }: ScheduledJob) {
    this.#process = process;
    this.#job = job;
    this.#schedule = schedule;
    this.#lookMs = lookMs;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const begunAt = this.#process.clock.now();
    if (this.#schedule.onStart) this.#start({ slot: begunAt, actor: "start" });
    const last = await lastSlot(this.#process, this.#job.name);
    for (const due of missedSlots(this.#job, this.#schedule, { last, now: begunAt })) {
      this.#start(due);
    }
    await this.#follow(begunAt);
    await Promise.all(this.#runs);
  }

  /** Takes each slot after `handled`, which only grows: a clock that goes back repeats none. */
  async #follow(begunAt: Date): Promise<void> {
    let handled = begunAt;
    const delayMs = jitterMs(this.#job, this.#process.manifest.process);
    for (;;) {
      const [next] = nextRuns(this.#schedule, handled, 1);
      if (next === undefined) return;
      const isDue = await this.#until(new Date(next.getTime() + delayMs));
      if (!isDue) return;
      const now = new Date(this.#process.clock.now().getTime() - delayMs);
      for (const due of this.#due(next, { last: handled, now })) this.#start(due);
      const passed = nextRuns(this.#schedule, next, 1)[0];
      handled = passed !== undefined && passed <= now ? now : next;
    }
  }

  /** The slot that was waited for, or what an outage made of it and of those after it. */
  #due(next: Date, span: { last: Date; now: Date }): DueSlot[] {
    const isOnTime = span.now.getTime() - next.getTime() <= ON_TIME_MS;
    if (isOnTime) return [{ slot: next, actor: "schedule" }];
    return missedSlots(this.#job, this.#schedule, span);
  }

  /** False when the scheduler was stopped before. */
  async #until(due: Date): Promise<boolean> {
    const { clock } = this.#process;
    while (!this.#signal.aborted) {
      const remainingMs = due.getTime() - clock.now().getTime();
      if (remainingMs <= 0) return true;
      const options = { signal: this.#signal };
      await sleep(Math.min(remainingMs, this.#lookMs), undefined, options).catch(() => undefined);
    }
    return false;
  }

  #start(due: DueSlot): void {
    const run = runSlot(this.#process, this.#job, {
      due,
      until: this.#after(due),
      signal: this.#signal,
    });
    const { log } = this.#process;
    const tracked = run
      .catch((error: unknown) => log.error({ err: error, job: this.#job.name }, "a run broke"))
      .finally(() => this.#runs.delete(tracked));
    this.#runs.add(tracked);
  }

  /** A slot is asked for until the next one is due. */
  #after({ slot }: DueSlot): Date | undefined {
    return nextRuns(this.#schedule, slot, 1)[0];
  }
}

async function lookForLost(process: RunProcess, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await recoverLost(process);
    await sleep(LOST_LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

function scheduleOf(job: ManifestJob, { env, manifest }: ProcessContext): Schedule {
  const { name, schedule } = job;
  if (schedule) return bindSchedule({ name, schedule }, env);
  return { onStart: false, timezone: manifest.timezone };
}
