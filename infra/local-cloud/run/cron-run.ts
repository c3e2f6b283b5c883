import { nowMs, timestamp } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import { activeRun, newRun, nextRun } from "../render/cron-runs.ts";
import type { DeployRecord } from "../render/deploy-states.ts";
import type { RunRecord, ServiceRecord } from "../render/records.ts";
import { dueDeploy, endStep, failDeploy, liveDeploy } from "./measured-deploy.ts";
import type { ProcessGroup } from "./process-group.ts";
import type { Release } from "./release.ts";
import type { Run, ServiceContext } from "./service-run.ts";
import { build, startCommand, StepFailure } from "./step.ts";
import { prepareRelease } from "./process-environment.ts";
import { createWorker, type Work } from "./task.ts";

/** The state of one cron job. */
interface RunState {
  release: Release | undefined;
  /** The process of the run that is active. */
  running: { readonly runId: string; readonly group: ProcessGroup } | undefined;
  /** The instant up to which slots were handled. */
  seenMs: number;
  /** A slot was due while a run was active; it waits. */
  isDue: boolean;
}

/** Runs a cron job: builds it on each deploy, and starts runs on schedule or on request. */
export function createCronRun(context: ServiceContext): Run {
  const { cloud, serviceId } = context;
  const runState: RunState = {
    release: undefined,
    running: undefined,
    seenMs: nowMs(cloud.state),
    isDue: false,
  };
  const worker = createWorker(
    () => wantedWork(context, runState),
    (error) => context.log.add(serviceId, "build", `==> ${textOf(error)}`),
  );

  return {
    reconcile() {
      worker.reevaluate();
      fireSchedule(context, runState);
      endCanceled(context, runState);
      startPending(context, runState);
    },
    restart: () => {},
    async stop() {
      await worker.end();
      await runState.running?.group.stop(runState.release?.graceMs ?? 0);
    },
  };
}

function wantedWork(context: ServiceContext, runState: RunState): Work | undefined {
  const { cloud, serviceId } = context;
  const service = cloud.state.services[serviceId];
  if (!service) return undefined;
  const due = dueDeploy(cloud, serviceId);
  if (due)
    return {
      key: due.id,
      carryOut: (signal) => deploy({ context, runState, signal }, service, due),
    };
  const live = liveDeploy(cloud, serviceId);
  if (!live || live.id === runState.release?.deployId) return undefined;
  const carryOut = (signal: AbortSignal) => become({ context, runState, signal }, service, live);
  return { key: `build ${live.id}`, carryOut };
}

/** The next task of a cron job. */
interface Job {
  readonly context: ServiceContext;
  readonly runState: RunState;
  readonly signal: AbortSignal;
}

async function deploy(job: Job, service: ServiceRecord, record: DeployRecord): Promise<void> {
  const { cloud, changed } = job.context;
  try {
    await become(job, service, record);
    for (const _ of record.phases) endStep(cloud, record.id);
  } catch (error) {
    if (job.signal.aborted) return;
    const outcome = error instanceof StepFailure ? error.outcome : "build_failed";
    failDeploy(cloud, record.id, { outcome, reason: textOf(error) });
  }
  changed();
}

/** Later runs use this deploy. */
async function become(
  { context, runState, signal }: Job,
  service: ServiceRecord,
  record: DeployRecord,
): Promise<void> {
  const release = prepareRelease(context, service, record);
  await build(release, { serviceId: service.id, signal }, context);
  runState.release = release;
}

/**
 * At most one run is active; a slot that is due meanwhile waits. @see
 * https://render.com/docs/cronjobs
 */
function fireSchedule({ cloud, serviceId, changed }: ServiceContext, runState: RunState): void {
  const atMs = nowMs(cloud.state);
  const service = cloud.state.services[serviceId];
  const schedule = service?.details.schedule;
  if (!service || schedule === undefined || service.suspenders.length > 0 || !runState.release) {
    runState.seenMs = atMs;
    return;
  }
  const next = nextRun(schedule, runState.seenMs);
  runState.seenMs = atMs;
  runState.isDue ||= next !== undefined && next.getTime() <= atMs;
  if (!runState.isDue || activeRun(cloud, serviceId)) return;
  runState.isDue = false;
  newRun(cloud, serviceId);
  changed();
}

function endCanceled({ cloud }: ServiceContext, runState: RunState): void {
  const { running } = runState;
  if (!running) return;
  const run = cloud.state.cronRuns[running.runId];
  if (run && run.canceledAt === undefined) return;
  runState.running = undefined;
  void running.group.stop(runState.release?.graceMs ?? 0);
}

function startPending(context: ServiceContext, runState: RunState): void {
  const { cloud, serviceId, changed } = context;
  const { release } = runState;
  const run = activeRun(cloud, serviceId);
  if (!run || !release || runState.running || run.measured?.startedAt !== undefined) return;
  const group = startCommand(
    { release, command: release.command, type: "app", serviceId },
    context,
  );
  runState.running = { runId: run.id, group };
  measure(cloud, run, { startedAt: timestamp(nowMs(cloud.state)) });
  changed();
  void followRun(context, runState, run);
}

async function followRun(
  context: ServiceContext,
  runState: RunState,
  run: RunRecord,
): Promise<void> {
  const { cloud, serviceId, changed, log } = context;
  const end = await runState.running?.group.ended;
  if (runState.running?.runId === run.id) runState.running = undefined;
  if (!end) return;
  if (!end.isOk) log.add(serviceId, "app", `==> The run ${end.words}`);
  measure(cloud, run, { finishedAt: timestamp(nowMs(cloud.state)), isOk: end.isOk });
  changed();
}

function measure(
  { state }: Cloud,
  { id }: RunRecord,
  measured: NonNullable<RunRecord["measured"]>,
): void {
  const run = state.cronRuns[id];
  if (run) run.measured = { ...run.measured, ...measured };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
