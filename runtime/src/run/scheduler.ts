import { bindSchedule } from "../contract/bindings.ts";
import type { ManifestJob } from "../contract/job.ts";
import { nextRuns, type Schedule } from "../schedule/schedule.ts";
import type { SlotLease } from "../state/leases.ts";
import { leaseRequest } from "./admission.ts";
import { recoverLost } from "./lost-runs.ts";
import type { ProcessContext, ProcessStores } from "./process.ts";
import { runJob } from "./run-job.ts";
import type { RunProcess } from "./run.ts";
import { type DueSlot, jitterMs, missedSlots } from "./slots.ts";
import { sleep } from "./timer.ts";

/** Longest sleep before the clock is read again, in ms: the machine may sleep, or its clock may be set. */
const CLOCK_POLL_MS = 20_000;

/** A slot that is found later than this, in ms, was missed and follows the catch-up policy. */
const ON_TIME_MS = 60_000;

/** Poll interval for runs whose process vanished, in ms. */
const LOST_POLL_MS = 60_000;

/** Most claims of one slot, one lease TTL apart: by then a holder that vanished has lost it. */
const CLAIMS_MAX = 120;

/** Actors that run a slot; every other actor runs a job for now. */
const SLOT_ACTORS = ["schedule", "catch-up"];

/** Records that are searched for the newest slot; more manual runs in a row are not expected. */
const RECORDS_MAX = 100;

/** Starts the jobs of a process when they are due. */
export interface Scheduler {
  /** Starts no further run; resolves when the runs that it started have finished. */
  stop(): Promise<void>;
}

/**
 * Starts every job of the manifest that is started by `schedule`.
 *
 * With a lease store any number of processes may do so, and each slot runs once. An invalid schedule
 * (of a bound variable) throws before anything starts.
 */
export function startScheduler(process: RunProcess, { pollMs = CLOCK_POLL_MS } = {}): Scheduler {
  const jobs = process.manifest.jobs
    .filter(({ startedBy }) => startedBy === "schedule")
    .map((job) => ({ job, schedule: scheduleOf(job, process) }));
  const stopped = new AbortController();
  const signal = AbortSignal.any([stopped.signal, process.stop.signal]);
  const warnOfClock = once(process.log);
  const loops = jobs.map((it) => {
    return new JobLoop(process, { ...it, pollMs, signal, warnOfClock }).run();
  });
  const all = Promise.all([...loops, recoverLostRuns(process, signal)]);
  return {
    async stop() {
      stopped.abort();
      await all;
    },
  };
}

/** Warns once of each change of the clock, however many jobs find it. */
function once(log: ProcessContext["log"]): (backMs: number) => void {
  let warnedMs = -Infinity;
  return (backMs) => {
    if (performance.now() - warnedMs < 2 * CLOCK_POLL_MS) return;
    warnedMs = performance.now();
    log.warn({ backMs }, "the clock went back; jobs go on with their next slots");
  };
}

function scheduleOf({ name, schedule }: ManifestJob, { env, manifest }: ProcessContext): Schedule {
  if (schedule) return bindSchedule({ name, schedule }, env);
  return { onStart: false, timezone: manifest.timezone };
}

async function recoverLostRuns(process: RunProcess, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await recoverLost(process);
    await sleep(LOST_POLL_MS, signal);
  }
}

interface ScheduledJob {
  readonly job: ManifestJob;
  readonly schedule: Schedule;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  readonly warnOfClock: (backMs: number) => void;
}

/** The slots of one job, one after the other. */
class JobLoop {
  readonly #process: RunProcess;
  readonly #scheduled: ScheduledJob;
  readonly #runs = new Set<Promise<void>>();

  constructor(process: RunProcess, scheduled: ScheduledJob) {
    this.#process = process;
    this.#scheduled = scheduled;
  }

  async run(): Promise<void> {
    const { job, schedule } = this.#scheduled;
    const startedAt = this.#process.clock.now();
    if (schedule.onStart) this.#start({ slot: startedAt, actor: "start" });
    const last = await lastSlot(this.#process, job.name);
    for (const due of missedSlots(job, schedule, { last, now: startedAt })) this.#start(due);
    await this.#followSlots(startedAt);
    await Promise.all(this.#runs);
  }

  /**
   * Starts each slot after `handled`. A clock that goes back a little repeats no slot. One that goes
   * back further was wrong before, so the slots between were not due.
   */
  async #followSlots(startedAt: Date): Promise<void> {
    const { job, schedule } = this.#scheduled;
    const delayMs = jitterMs(job, this.#process.manifest.process);
    let handled = startedAt;
    for (;;) {
      const [next] = nextRuns(schedule, handled, 1);
      if (next === undefined) return;
      const waited = await this.#waitUntil(new Date(next.getTime() + delayMs), handled);
      if (waited === "stopped") return;
      if (waited === "clock went back") {
        handled = this.#process.clock.now();
        continue;
      }
      const now = new Date(this.#process.clock.now().getTime() - delayMs);
      for (const due of this.#due(next, { last: handled, now })) this.#start(due);
      const [later] = nextRuns(schedule, next, 1);
      handled = later !== undefined && later <= now ? now : next;
    }
  }

  /** The due slot, or the slots of the catch-up policy after an outage. */
  #due(next: Date, span: { last: Date; now: Date }): DueSlot[] {
    const { job, schedule } = this.#scheduled;
    const isOnTime = span.now.getTime() - next.getTime() <= ON_TIME_MS;
    const [later] = nextRuns(schedule, next, 1);
    const isAlone = later === undefined || later > span.now;
    const runsAll = job.catchUp?.policy === "all" || job.catchUp?.max !== undefined;
    if (isOnTime && (isAlone || !runsAll)) return [{ slot: next, actor: "schedule" }];
    return missedSlots(job, schedule, span);
  }

  async #waitUntil(due: Date, handled: Date): Promise<"due" | "stopped" | "clock went back"> {
    const { pollMs, signal, warnOfClock } = this.#scheduled;
    while (!signal.aborted) {
      const nowMs = this.#process.clock.now().getTime();
      const backMs = handled.getTime() - nowMs;
      if (backMs > ON_TIME_MS) {
        warnOfClock(backMs);
        return "clock went back";
      }
      if (due.getTime() <= nowMs) return "due";
      await sleep(Math.min(due.getTime() - nowMs, pollMs), signal);
    }
    return "stopped";
  }

  #start(due: DueSlot): void {
    const { log } = this.#process;
    const job = this.#scheduled.job.name;
    const run = runSlot(this.#process, this.#scheduled, due)
      .catch((error: unknown) => log.error({ err: error, job }, "a scheduled run failed to start"))
      .finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }
}

/**
 * Runs a slot, unless another process runs it. While the lease store does not answer, no slot runs,
 * because another process may run it.
 */
async function runSlot(process: RunProcess, scheduled: ScheduledJob, due: DueSlot): Promise<void> {
  const { slot, actor } = due;
  const request = { job: scheduled.job.name, actor, scheduledFor: slot };
  if (!process.coordination || actor === "start") {
    await runJob(process, request);
    return;
  }
  const lease = await claimSlot(process, scheduled, slot);
  if (lease) await runJob(process, { ...request, slot: lease });
}

/** Claims a slot again and again until the next one is due: its holder may vanish before it is done. */
async function claimSlot(
  process: RunProcess,
  { job, schedule, signal }: ScheduledJob,
  slot: Date,
): Promise<SlotLease | undefined> {
  const { coordination, clock, log } = process;
  const lease = leaseRequest({ job, process });
  const [until] = nextRuns(schedule, slot, 1);
  let wasAway = false;
  for (let claims = 0; claims < CLAIMS_MAX && !signal.aborted; claims++) {
    try {
      const claimed = await coordination?.claimSlot(lease, slot);
      if (claimed) return claimed;
    } catch (error) {
      const fields = { err: error, job: job.name, slot: slot.toISOString() };
      if (!wasAway)
        log.error(fields, "cannot claim the slot: the lease store does not answer; retrying");
      wasAway = true;
    }
    if (until !== undefined && clock.now() >= until) break;
    await sleep(lease.ttlMs, signal);
  }
  return undefined;
}

/**
 * The newest slot of a job that some process has handled, well or not.
 *
 * Undefined when the job never ran, or when the records cannot be read: otherwise a store that is
 * away would make every job run at each start.
 */
async function lastSlot(
  { records, log }: Pick<ProcessContext & ProcessStores, "records" | "log">,
  job: string,
): Promise<Date | undefined> {
  try {
    // The newest record is nearly always of a slot; the others are read when it is not.
    for (const limit of [1, RECORDS_MAX]) {
      const known = await records.list({ job, limit });
      const slots = known
        .filter(({ actor }) => SLOT_ACTORS.includes(actor))
        .map(({ scheduledFor }) => Date.parse(scheduledFor));
      if (slots.length > 0) return new Date(Math.max(...slots));
    }
    return undefined;
  } catch (error) {
    log.error({ err: error, job }, "cannot read run records; missed slots are not caught up");
    return undefined;
  }
}
