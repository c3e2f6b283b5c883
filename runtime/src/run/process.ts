import type { AppControl } from "./app-control.ts";
import type { Logger } from "pino";
import type { Alerts } from "../alerts/alerts.ts";
import type { Caches } from "../sources/caches/caches.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Coordination } from "../state/coordination.ts";
import type { RecordStore, RunRecord, RunStart } from "../contract/run-record.ts";
import type { Env } from "../contract/env.ts";
import type { JobMemory } from "../state/stores/job-memory.ts";
import type { Toggles } from "../sources/toggles/toggles.ts";
import type { Clock } from "./clock.ts";
import type { OverlapGate } from "./overlap.ts";

/** What the jobs of one process share, opened once. */
export interface Process {
  readonly manifest: RuntimeManifest;
  /** With `X_FILE` resolved into `X`. */
  readonly env: Env;
  /** The environment as it came, for what is started. */
  readonly childEnv: Env;
  readonly log: Logger;
  /** Where relative paths begin: the app's directory. */
  readonly directory: string;
  readonly clock: Clock;
  /** Name of this instance, for records. */
  readonly host: string;
  /** Who holds a lease: host, process id and a random part. */
  readonly holder: string;
  readonly commit: string | null;
  readonly records: RecordStore;
  /** Where the processes of the stack agree, if they do. */
  readonly coordination: Coordination | undefined;
  /** Where a job's lock is: the store it names, or else the one of the process. */
  readonly lockStoreOf: (job: ManifestJob) => Promise<Coordination | undefined>;
  /** What jobs remember between runs, opened by the first that asks; none without a store. */
  readonly memory: () => Promise<JobMemory | undefined>;
  readonly toggles: Toggles;
  /** The named data of the manifest; nothing is read before somebody asks for it. */
  readonly caches: Caches;
  readonly alerts: Alerts;
  /** The app that this process supervises, once it does. */
  app?: AppControl;
  readonly gate: OverlapGate;
  /** Aborted when the process must end: no run goes on after it. */
  readonly stop: AbortController;
  /** Runs that have begun and not ended, by their ids. */
  readonly active: Map<string, RunStart>;
  /** Told of the record of every run. */
  readonly observers: Set<(record: RunRecord) => void>;
  /** What goes on beside the runs and is waited for at the end: pings. */
  readonly background: Set<Promise<void>>;
  readonly close: () => Promise<void>;
}
