/** `notice`: information without a problem. `test`: a person tests the channels. */
export type AlertKind =
  | "fail"
  | "late"
  | "stuck"
  | "recovered"
  | "rule"
  | "resolved"
  | "notice"
  | "test";

/** A problem that people should know of, or the news that it is resolved. */
export interface AlertEvent {
  /** Identity of the alert, without times, ids and durations: equal alerts have equal keys. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly system: string;
  readonly stack: string;
  readonly process: string;
  readonly job?: string;
  /** One line for operators. */
  readonly title: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** Minimum time between two messages while it fires, if it is longer than the channel's. */
  readonly repeatSeconds?: number;
}

/**
 * Result of an alert. `held`: it waits for a later message. `suppressed`: it is deduplicated, and the
 * next message counts it. `silenced`: an operator silenced it. `skipped`: no channel is set up.
 */
export type Delivery = "sent" | "held" | "suppressed" | "silenced" | "skipped" | "error";

/** An alert that is stored with a run record, so that another process can deliver it. */
export interface StoredAlert {
  readonly id: string;
  readonly event: AlertEvent;
  /** Names of the channels that it is for: the process that admits it may have others. */
  readonly channels: readonly string[];
  /** The app's own silence file says so. */
  readonly isSilenced: boolean;
}

/** Id of the alert that is stored with the record of a run. */
export function storedId(runId: string, { kind }: Pick<AlertEvent, "kind">): string {
  return `${runId}/${kind}`;
}

/** Takes alerts. */
export interface AlertSink {
  /**
   * Never throws: an alert that cannot be sent is logged, and the result says so.
   *
   * @param storedId id of the stored alert, if the event was stored with a run record
   */
  send(event: AlertEvent, storedId?: string): Promise<Delivery>;
  /** Whether the alert fires, whichever process of the stack sent it. */
  isFiring(key: string): Promise<boolean>;
  /** Marks an alert as resolved without a message. */
  clear(key: string): Promise<void>;
}

export function isResolved({ kind }: Pick<AlertEvent, "kind">): boolean {
  return kind === "recovered" || kind === "resolved";
}

/** Whether it reports a problem. */
export function isProblem({ kind }: Pick<AlertEvent, "kind">): boolean {
  return kind !== "notice" && kind !== "test" && !isResolved({ kind });
}
