import { nowMs, timestamp } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import { activeRun, newRun, nextRun } from "../render/cron-runs.ts";
import type { DeployRecord } from "../render/deploy-states.ts";
import type { RunRecord, ServiceRecord } from "../render/records.ts";
import { dueDeploy, endStep, failDeploy, liveDeploy } from "./measured-deploy.ts";
import type { ProcessGroup } from "./process-group.ts";
import type { Release } from "./release.ts";
import type { Run, RunPlace } from "./service-run.ts";
import { build, startCommand, StepFailure } from "./step.ts";
import { prepareRelease } from "./surroundings.ts";
import { createWorker, type Work } from "./task.ts";

/** The state of one cron job that runs. */
interface Life {
  release: Release | undefined;
  /** The process of the run that is active. */
  running: { readonly runId: string; readonly group: ProcessGroup } | undefined;
  /** Until when the schedule has been looked at. */
  seenMs: number;
  /** A run was due while another one was active: it waits. */
  isDue: boolean;
}

/** Runs a cron job: builds it with each deploy, and starts it when its schedule or somebody says. */
export function createCronRun(place: RunPlace): Run {
  const { cloud, serviceId } = place;
  const life: Life = {
    release: undefined,
    running: undefined,
    seenMs: nowMs(cloud.state),
    isDue: false,
  };
  const worker = createWorker(
    () => wantedWork(place, life),
    (error) => place.log.add(serviceId, "build", `==> ${textOf(error)}`),
  );

  return {
    reconcile() {
      worker.look();
      fireSchedule(place, life);
      endCanceled(place, life);
      startPending(place, life);
    },
    restart: () => {},
    async stop() {
      await worker.end();
      await life.running?.group.stop(life.release?.graceMs ?? 0);
    },
  };
}

function wantedWork(place: RunPlace, life: Life): Work | undefined {
  const { cloud, serviceId } = place;
  const service = cloud.state.services[serviceId];
  if (!service) return undefined;
  const due = dueDeploy(cloud, serviceId);
  if (due)
    return { key: due.id, carryOut: (signal) => deploy({ place, life, signal }, service, due) };
  const live = liveDeploy(cloud, serviceId);
  if (!live || live.id === life.release?.deployId) return undefined;
  const carryOut = (signal: AbortSignal) => become({ place, life, signal }, service, live);
  return { key: `build ${live.id}`, carryOut };
}

/** One piece of work on a cron job. */
interface Job {
  readonly place: RunPlace;
  readonly life: Life;
  readonly signal: AbortSignal;
}

async function deploy(job: Job, service: ServiceRecord, record: DeployRecord): Promise<void> {
  const { cloud, changed } = job.place;
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

/** The next runs are those of this deploy. */
async function become(
  { place, life, signal }: Job,
  service: ServiceRecord,
  record: DeployRecord,
): Promise<void> {
  const release = prepareRelease(place, service, record);
  await build(release, { serviceId: service.id, signal }, place);
  life.release = release;
}

/** One run at most is active, so a time that comes meanwhile waits. @see https://render.com/docs/cronjobs */
function fireSchedule({ cloud, serviceId, changed }: RunPlace, life: Life): void {
  const atMs = nowMs(cloud.state);
  const service = cloud.state.services[serviceId];
  const schedule = service?.details.schedule;
  if (!service || schedule === undefined || service.suspenders.length > 0 || !life.release) {
    life.seenMs = atMs;
    return;
  }
  const next = nextRun(schedule, life.seenMs);
  life.seenMs = atMs;
  life.isDue ||= next !== undefined && next.getTime() <= atMs;
  if (!life.isDue || activeRun(cloud, serviceId)) return;
  life.isDue = false;
  newRun(cloud, serviceId);
  changed();
}

function endCanceled({ cloud }: RunPlace, life: Life): void {
  const { running } = life;
  if (!running) return;
  const run = cloud.state.cronRuns[running.runId];
  if (run && run.canceledAt === undefined) return;
  life.running = undefined;
  void running.group.stop(life.release?.graceMs ?? 0);
}

function startPending(place: RunPlace, life: Life): void {
  const { cloud, serviceId, changed } = place;
  const { release } = life;
  const run = activeRun(cloud, serviceId);
  if (!run || !release || life.running || run.measured?.startedAt !== undefined) return;
  const group = startCommand({ release, command: release.command, type: "app", serviceId }, place);
  life.running = { runId: run.id, group };
  measure(cloud, run, { startedAt: timestamp(nowMs(cloud.state)) });
  changed();
  void followRun(place, life, run);
}

async function followRun(place: RunPlace, life: Life, run: RunRecord): Promise<void> {
  const { cloud, serviceId, changed, log } = place;
  const end = await life.running?.group.ended;
  if (life.running?.runId === run.id) life.running = undefined;
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
