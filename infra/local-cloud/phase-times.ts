/** How long the asynchronous steps of the cloud take, in milliseconds. */
export interface PhaseTimes {
  readonly buildMs: number;
  readonly preDeployMs: number;
  readonly updateMs: number;
  readonly databaseMs: number;
  readonly keyValueMs: number;
  readonly jobMs: number;
}

/** One step of a local deploy: long enough to be seen while it runs, short enough for tests. */
const FAST_MS = 300;

/** Every step takes the same short time. */
export const FAST_PHASES: PhaseTimes = {
  buildMs: FAST_MS,
  preDeployMs: FAST_MS,
  updateMs: FAST_MS,
  databaseMs: FAST_MS,
  keyValueMs: FAST_MS,
  jobMs: FAST_MS,
};

/** The order of magnitude of a small service on Render: minutes, not the limits of 120, 30 and 15 minutes. */
export const REALISTIC_PHASES: PhaseTimes = {
  buildMs: 60_000,
  preDeployMs: 10_000,
  updateMs: 20_000,
  databaseMs: 60_000,
  keyValueMs: 15_000,
  jobMs: 20_000,
};
