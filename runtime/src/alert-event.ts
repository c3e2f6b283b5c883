/** Something that somebody should be told, or that is over. */
export interface AlertEvent {
  /** What it is about, without times, ids and durations: equal alerts have equal keys. */
  readonly key: string;
  readonly kind: "fail" | "late" | "stuck" | "recovered" | "rule" | "resolved";
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

/** What became of an alert at one channel; `skipped`: its variable is not set. */
export type Delivery = "sent" | "skipped" | "error";

/** Takes alerts. It never throws: an alert that cannot be sent is logged and told by its result. */
export interface AlertSink {
  send(event: AlertEvent): Promise<Delivery>;
}
