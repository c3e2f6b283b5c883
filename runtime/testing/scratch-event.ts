import type { AlertEvent } from "../src/contract/alert-event.ts";

/** The alert of a failed job. */
export const FAILED: AlertEvent = {
  key: "shop/digest/fail",
  kind: "fail",
  system: "shop",
  stack: "shop",
  process: "web",
  job: "digest",
  title: "shop: digest failed: no data",
  details: { attempt: 3 },
  at: "2026-11-22T10:00:00.000Z",
};

/** The resolved notice of that alert. */
export const RECOVERED: AlertEvent = {
  ...FAILED,
  kind: "recovered",
  title: "shop: digest runs again after 1 failure(s)",
  details: {},
};
