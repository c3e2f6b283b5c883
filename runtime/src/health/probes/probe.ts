import type { RecordStore } from "../../contract/run-record.ts";
import type { Env } from "../../contract/env.ts";
import type { Check } from "../check.ts";
import type { Reports } from "../reports.ts";
import type { Clock } from "../steady-clock.ts";

/** The part of a check that knows how to look. */
export type Probe = Pick<Check, "look" | "peek" | "close">;

/** What probes look with. */
export interface ProbeContext {
  readonly env: Env;
  /** Where relative paths begin. */
  readonly directory: string;
  readonly records: RecordStore | undefined;
  readonly reports: Reports;
  /** Where the app under supervision answers, when it does. */
  readonly appUrl: (() => string | undefined) | undefined;
  readonly clock: Clock;
}
