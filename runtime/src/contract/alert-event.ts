/** `notice`: nothing is wrong, and somebody wants to know it. `test`: a person tries the channels. */
export type AlertKind =
  | "fail"
  | "late"
  | "stuck"
  | "recovered"
  | "rule"
  | "resolved"
  | "notice"
  | "test";

/** Something that somebody should be told, or that is over. */
export interface AlertEvent {
  /** What it is about, without times, ids and durations: equal alerts have equal keys. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly system: string;
  readonly stack: string;
  readonly process: string;
  readonly job?: string;
  /** One line in an operator's words. */
  readonly title: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/**
 * What became of an alert. `held`: it is kept for a later message; `suppressed`: the same is told
 * already or about to be, and it is counted; `silenced`: an operator wants to hear nothing of it; `skipped`: no
 * channel's variables are set.
 */
export type Delivery = "sent" | "held" | "suppressed" | "silenced" | "skipped" | "error";

/** Takes alerts. It never throws: an alert that cannot be sent is logged and told by its result. */
export interface AlertSink {
  send(event: AlertEvent): Promise<Delivery>;
  /** Whether somebody was told of this key and not yet that it is over, by any process since. */
  isOpen?(key: string): Promise<boolean>;
}

/** Whether it says that something is over. */
export function isOver({ kind }: Pick<AlertEvent, "kind">): boolean {
  return kind === "recovered" || kind === "resolved";
}

/** Whether it says that something is wrong. */
export function isWrong({ kind }: Pick<AlertEvent, "kind">): boolean {
  return kind !== "notice" && kind !== "test" && !isOver({ kind });
}
