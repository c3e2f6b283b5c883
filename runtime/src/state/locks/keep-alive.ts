/** A lease is renewed after this part of its time, so that two renewals may fail. */
const RENEWAL_PART = 1 / 3;

/** A renewal that failed is tried again after this part of the lease's time. */
const RETRY_PART = 1 / 12;

/** After this part without a renewal the work must stop: the rest is for stopping it. */
const DEADLINE_PART = 0.8;

/** A lease that is being renewed. */
export interface KeptLease {
  readonly lost: AbortSignal;
  /** Ends the renewals; the lease is not lost by it. */
  stop(): void;
  /** Somebody else may have it from now on. */
  lose(): void;
}

/**
 * Renews a lease until it is stopped, and aborts `lost` before anybody else can have it.
 *
 * The time that counts starts before a renewal is sent, because nobody knows when it arrived; it is
 * this machine's steady clock, so a clock that is set does not matter.
 */
export function keepLease(options: {
  readonly ttlMs: number;
  /** `performance.now()` before the lease was asked for. */
  readonly sentAtMs: number;
  /** False when somebody else has it; throws when the store does not answer. */
  readonly renew: () => Promise<boolean>;
}): KeptLease {
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
    // A process that was stopped wakes up here first.
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

/** The work under the lease keeps the process alive, not the lease. */
function later(work: () => unknown, ms: number): NodeJS.Timeout {
  return setTimeout(work, Math.max(0, ms)).unref();
}
