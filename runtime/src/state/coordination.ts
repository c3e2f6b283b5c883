/** The right to do something alone, until it is released, lost or expired. */
export interface Lease {
  /** Grows with each lease of the same name, so that a store can refuse a late write. */
  readonly fence: number;
  /** Aborted as soon as the holder must assume that somebody else has it: work must stop. */
  readonly lost: AbortSignal;
  /** Gives it back. It frees only its own lease, and releasing one that was lost does nothing. */
  release(): Promise<void>;
}

/** What is known of who holds a lease now, for messages. */
export interface Holder {
  readonly holder: string;
  /** Since when, as epoch milliseconds of the store's clock. */
  readonly sinceMs: number;
}

/** How a lease is asked for. */
export interface LeaseRequest {
  /** What it is about: a job, by a name that no other stack uses. */
  readonly name: string;
  /** Who asks: host, process id and a random part. */
  readonly holder: string;
  /** A holder that was killed, stopped or cut off loses it after so long. */
  readonly ttlMs: number;
}

/**
 * Where several processes agree who does what. When it does not answer, it throws: nobody runs
 * unlocked because a store was away.
 */
export interface Coordination {
  /** The lease, or undefined when somebody else holds it. It does not wait. */
  acquire(request: LeaseRequest): Promise<Lease | undefined>;
  /** The lease, as soon as nobody else holds it. An abort of the signal ends the wait with its reason. */
  waitFor(request: LeaseRequest, signal: AbortSignal): Promise<Lease>;
  /**
   * The right to run one slot of a job. Each slot is given out once for good, except that a slot
   * whose holder vanished before it finished is given to the next who asks.
   */
  claimSlot(request: LeaseRequest, slot: Date): Promise<SlotLease | undefined>;
  holderOf(name: string): Promise<Holder | undefined>;
  close(): Promise<void>;
}

/** The right to run one slot. */
export interface SlotLease extends Lease {
  /** Marks the slot as run, for good; false when the lease was lost before. */
  finish(): Promise<boolean>;
}
