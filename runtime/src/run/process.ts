import type { Logger } from "pino";
import type { Alerts } from "../alerts/alerts.ts";
import type { Env } from "../contract/env.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore, RunRecord, RunStart } from "../contract/run-record.ts";
import type { Caches } from "../sources/caches.ts";
import type { Toggles } from "../sources/toggles.ts";
import type { JobMemory } from "../state/documents.ts";
import type { LeaseStore } from "../state/leases.ts";
import type { AppControl } from "./app-control.ts";
import type { Clock } from "./clock.ts";
import type { ConcurrencyPolicy } from "./concurrency-policy.ts";

// What the jobs of one process share, by need: a function takes the parts, or the fields, that it
// uses. `openProcess` wires all of them together.

/** How the process was started, with its log and its clock. */
export interface ProcessContext {
  readonly manifest: RuntimeManifest;
  /** The environment, with the file of each `X_FILE` read into `X`. */
  readonly env: Env;
  /** The environment as it came, for child processes. */
  readonly childEnv: Env;
  /** The app's directory: relative paths start here. */
  readonly directory: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Name of this instance, for run records. */
  readonly host: string;
  readonly commit: string | null;
}

/** Run records, leases and documents. */
export interface ProcessStores {
  readonly records: RecordStore;
  /** The lease store of the process; undefined when the manifest names none. */
  readonly coordination: LeaseStore | undefined;
  /** Holder of this process' leases: host, process id and a random part. */
  readonly holder: string;
  /** The store of a job's lease: the one that the job names, else the one of the process. */
  readonly lockStoreOf: (job: ManifestJob) => Promise<LeaseStore | undefined>;
  /** Values that jobs keep between runs, opened at the first call; undefined without a store. */
  readonly memory: () => Promise<JobMemory | undefined>;
}

/** The runs of this process. */
export interface ProcessRuns {
  readonly concurrency: ConcurrencyPolicy;
  /** Aborted when the process must end; every run ends with it. */
  readonly stop: AbortController;
  /** Runs that have started and not finished, by run id. */
  readonly active: Map<string, RunStart>;
  /** How to stop those that the runtime itself runs, by run id. */
  readonly cancels: Map<string, () => void>;
  /** Called with each run record. */
  readonly observers: Set<(record: RunRecord) => void>;
  /** Work beside the runs that the process waits for before it exits, such as pings. */
  readonly background: Set<Promise<void>>;
}

/** What runs and operators use of the rest of the runtime. */
export interface ProcessServices {
  readonly toggles: Toggles;
  /** The named data of the manifest; nothing is read before the first use. */
  readonly caches: Caches;
  readonly alerts: Alerts;
  /** The supervised app; undefined until it exists. */
  app?: AppControl;
}
