import { setTimeout as sleep } from "node:timers/promises";

/** The exclusive right to do something, until it is released, lost or expired. */
export interface Lease {
  /** Grows with each lease of the same name, so that a store can refuse a late write. */
  readonly fence: number;
  /** Aborted as soon as another process may hold the lease: work must stop. */
  readonly lost: AbortSignal;
  /** Releases this lease and no other. Releasing a lost lease does nothing. */
  release(): Promise<void>;
}

/** The right to run one slot. */
export interface SlotLease extends Lease {
  /** Marks the slot as finished, for good; false when the lease was lost before. */
  finish(): Promise<boolean>;
}

/** Who holds a lease now, for messages. */
export interface Holder {
  readonly holder: string;
  /** Start of the lease, as epoch milliseconds of the store's clock. */
  readonly sinceMs: number;
}

/** Parameters of a lease. */
export interface LeaseRequest {
  /** Name of the job, with its stack: two stacks in one store use different names. */
  readonly name: string;
  /** Who asks: host, process id and a random part. */
  readonly holder: string;
  /** A holder that is killed, stopped or disconnected loses the lease after this time. */
  readonly ttlMs: number;
}

/**
 * Leases that the processes of a stack share. Every method throws when the store does not answer:
 * nothing runs without a lease because its store was away.
 */
export interface LeaseStore {
  /** The lease, or undefined when another process holds it. It does not wait. */
  acquire(request: LeaseRequest): Promise<Lease | undefined>;
  /** The lease, as soon as it is free. An abort of the signal ends the wait with its reason. */
  waitFor(request: LeaseRequest, signal: AbortSignal): Promise<Lease>;
  /**
   * The right to run one slot of a job. Each slot is claimed once. Only a slot whose holder vanished
   * before it finished can be claimed again.
   */
  claimSlot(request: LeaseRequest, slot: Date): Promise<SlotLease | undefined>;
  holderOf(name: string): Promise<Holder | undefined>;
  close(): Promise<void>;
}

/**
 * Number of finished slots that are remembered for each job. An older slot cannot be claimed.
 * Slots are claimed almost in order, so this number matters only for the few that are not.
 */
export const SLOTS_REMEMBERED = 1_000;

/** Pause of a waiter between two attempts, give or take a third, so that waiters do not ask together. */
const POLL_MS = 150;

/** A waiter checks this often whether the holder's process has ended, without asking the store. */
const CHECK_MS = 25;

/** Asks for a lease until it is free, and at once when its holder is known to have ended. */
export async function pollForLease(
  acquire: () => Promise<Lease | undefined>,
  signal: AbortSignal,
  hasHolderEnded = () => false,
): Promise<Lease> {
  for (;;) {
    signal.throwIfAborted();
    const lease = await acquire();
    if (lease) return lease;
    const nextMs = performance.now() + POLL_MS * (2 / 3 + Math.random() * (2 / 3));
    do await sleep(CHECK_MS, undefined, { signal }).catch(() => {});
    while (!signal.aborted && performance.now() < nextMs && !hasHolderEnded());
  }
}

/** A lease is renewed after this part of its TTL, so that two renewals may fail. */
const RENEWAL_PART = 1 / 3;

/** A failed renewal is retried after this part of the TTL. */
const RETRY_PART = 1 / 12;

/** After this part of the TTL without a renewal the lease is lost. The rest is time to stop the work. */
const DEADLINE_PART = 0.8;

/** A lease that is being renewed. */
export interface RenewedLease {
  readonly lost: AbortSignal;
  /** Ends the renewals; the lease is not lost by it. */
  stop(): void;
  /** Reports that another process may hold the lease. */
  lose(): void;
}

/**
 * Renews a lease until it is stopped, and aborts `lost` before another process can acquire it.
 *
 * The TTL counts from the moment before a renewal is sent, because nobody knows when it arrived. It
 * is measured with the monotonic clock, so changes of the wall clock do not matter.
 */
export function renewLease(options: {
  readonly ttlMs: number;
  /** `performance.now()` before the lease was asked for. */
  readonly sentAtMs: number;
  /** False when another process holds it; throws when the store does not answer. */
  readonly renew: () => Promise<boolean>;
}): RenewedLease {
  const { ttlMs, renew } = options;
  const lost = new AbortController();
  let deadlineMs = options.sentAtMs + ttlMs * DEADLINE_PART;
  let renewal: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;

  const stop = (): void => {
    clearTimeout(renewal);
    clearTimeout(deadline);
    deadlineMs = Number.NEGATIVE_INFINITY;
  };
  const lose = (): void => {
    stop();
    lost.abort(new Error("the lease was lost"));
  };
  const attempt = async (): Promise<void> => {
    const sentAtMs = performance.now();
    // A process that was stopped continues here first.
    if (sentAtMs >= deadlineMs) return lose();
    const answer = await renew().catch(() => undefined);
    if (performance.now() >= deadlineMs) return;
    if (answer === false) return lose();
    if (answer === true) renewed(sentAtMs);
    else renewal = later(attempt, ttlMs * RETRY_PART);
  };
  const renewed = (sentAtMs: number): void => {
    clearTimeout(deadline);
    deadlineMs = sentAtMs + ttlMs * DEADLINE_PART;
    deadline = later(lose, deadlineMs - performance.now());
    renewal = later(attempt, sentAtMs + ttlMs * RENEWAL_PART - performance.now());
  };
  renewed(options.sentAtMs);
  return { lost: lost.signal, stop, lose };
}

/** A timer that does not keep the process alive: the work under the lease does. */
function later(work: () => unknown, ms: number): NodeJS.Timeout {
  return setTimeout(work, Math.max(0, ms)).unref();
}
