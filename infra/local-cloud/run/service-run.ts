import type { DeployRecord } from "../render/deploy-states.ts";
import type { ServiceRecord } from "../render/records.ts";
import type { Address } from "./address.ts";
import { type Instance, startInstance } from "./instance.ts";
import { dueDeploy, endStep, failDeploy, liveDeploy } from "./measured-deploy.ts";
import { type Release, removeRelease } from "./release.ts";
import { build, preDeploy, StepFailure, type Tools } from "./step.ts";
import { type CloudContext, homeOf, prepareRelease } from "./process-environment.ts";
import { createWorker, type Work } from "./task.ts";

/** A service or cron job that is executed here. */
export interface Run {
  /** Starts, restarts and stops processes until they match the cloud's state. */
  readonly reconcile: () => void;
  readonly restart: () => void;
  /** Stops all its processes. */
  readonly stop: () => Promise<void>;
}

/** The input of a run. */
export interface ServiceContext extends CloudContext, Tools {
  readonly serviceId: string;
  /** The service's address; workers and cron jobs have none. */
  readonly address: Address | undefined;
  /** Called after each change of the cloud's state. */
  readonly changed: () => void;
}

/** Restart backoff: 1 s, doubled each time. */
const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MAX_MS = 60_000;

/** An instance that ran this long resets the backoff. */
const STEADY_MS = 60_000;

/** The state of one running service. */
interface RunState {
  current: Instance | undefined;
  /** The live release; a failed deploy returns to it. */
  readonly releases: Map<string, Release>;
  /** Instances that are shutting down. */
  readonly leaving: Set<Promise<void>>;
  failures: number;
  retryAtMs: number;
  isRestartAsked: boolean;
}

/** Runs a service: deploys it, keeps its instance alive, and replaces it. */
export function createServiceRun(context: ServiceContext): Run {
  const runState: RunState = {
    current: undefined,
    releases: new Map(),
    leaving: new Set(),
    failures: 0,
    retryAtMs: 0,
    isRestartAsked: false,
  };
  const worker = createWorker(
    () => wantedWork(context, runState),
    (error) => say(context, `==> ${textOf(error)}`),
  );

  return {
    reconcile: () => worker.reevaluate(),
    restart() {
      runState.isRestartAsked = true;
      worker.reevaluate();
    },
    async stop() {
      await worker.end();
      leave(context, runState);
      await Promise.all(runState.leaving);
    },
  };
}

function wantedWork(context: ServiceContext, runState: RunState): Work | undefined {
  const { cloud, serviceId } = context;
  const service = cloud.state.services[serviceId];
  if (!service || service.suspenders.length > 0) {
    return runState.current && { key: "leave", carryOut: async () => leave(context, runState) };
  }
  const due = dueDeploy(cloud, serviceId);
  if (due) {
    return {
      key: due.id,
      carryOut: (signal) => deploy({ context, runState, service, signal }, due),
    };
  }
  const live = liveDeploy(cloud, serviceId);
  if (!live || (runState.current && !runState.isRestartAsked)) return undefined;
  if (performance.now() < runState.retryAtMs) return undefined;
  return {
    key: `start ${live.id}`,
    carryOut: (signal) => revive({ context, runState, service, signal }, live),
  };
}

/** The next task of a service. */
interface Job {
  readonly context: ServiceContext;
  readonly runState: RunState;
  readonly service: ServiceRecord;
  readonly signal: AbortSignal;
}

async function deploy(job: Job, { id, phases }: DeployRecord): Promise<void> {
  const { context, service, runState, signal } = job;
  const { cloud, changed } = context;
  const end = (status: DeployRecord["phases"][number]["status"]): void => {
    if (!phases.some((it) => it.status === status)) return;
    endStep(cloud, id);
    changed();
  };
  try {
    const release = await built(job, id);
    end("build_in_progress");
    await preDeploy(release, { serviceId: service.id, signal }, context);
    end("pre_deploy_in_progress");
    await replace(job, release);
    end("update_in_progress");
    keepOnly(context, runState, id);
  } catch (error) {
    removeRelease(homeOf(context.options, service.id), id);
    runState.releases.delete(id);
    if (signal.aborted) return;
    const outcome = error instanceof StepFailure ? error.outcome : "build_failed";
    failDeploy(cloud, id, { outcome, reason: textOf(error) });
    changed();
  }
}

/**
 * Starts the live release: after a start of the cloud, the end of an instance, or a restart
 * request.
 */
async function revive(job: Job, { id }: DeployRecord): Promise<void> {
  const { runState, context } = job;
  runState.isRestartAsked = false;
  try {
    await replace(job, runState.releases.get(id) ?? (await built(job, id)));
  } catch (error) {
    if (!job.signal.aborted) backOff(runState);
    say(context, `==> ${textOf(error)}`);
  }
}

async function built(
  { context, runState, service, signal }: Job,
  deployId: string,
): Promise<Release> {
  const deployRecord = context.cloud.state.deploys[deployId];
  if (!deployRecord) throw new StepFailure("canceled", "the deploy is gone");
  const release = prepareRelease(context, service, deployRecord);
  runState.releases.set(deployId, release);
  await build(release, { serviceId: service.id, signal }, context);
  return release;
}

/**
 * Starts the new instance, then stops the old one, so that no request is lost. With a disk the old
 * one stops first. @see https://render.com/docs/disks
 */
async function replace(
  { context, runState, service, signal }: Job,
  release: Release,
): Promise<void> {
  if (release.hasDisk) {
    leave(context, runState);
    await Promise.all(runState.leaving);
  }
  const limitMs = context.options.startLimitMs;
  const instance = await startInstance(
    { release, serviceId: service.id, signal, limitMs },
    context,
  );
  const before = runState.current;
  runState.current = instance;
  context.address?.lead(instance.port);
  if (before) depart(runState, before);
  void restartOnEnd(context, runState, instance);
}

/** Schedules a restart when an instance ends by itself. */
async function restartOnEnd(
  context: ServiceContext,
  runState: RunState,
  instance: Instance,
): Promise<void> {
  const startedMs = performance.now();
  const words = await instance.ended;
  if (runState.current !== instance) return;
  runState.current = undefined;
  context.address?.lead(undefined);
  if (performance.now() - startedMs >= STEADY_MS) runState.failures = 0;
  backOff(runState);
  say(context, `==> The instance ${words}: restarting`);
}

function backOff(runState: RunState): void {
  const waitMs = Math.min(BACKOFF_FIRST_MS * 2 ** runState.failures, BACKOFF_MAX_MS);
  runState.failures += 1;
  runState.retryAtMs = performance.now() + waitMs;
}

/** Stops the current instance; requests are refused until the next one. */
function leave({ address }: ServiceContext, runState: RunState): void {
  const { current } = runState;
  if (!current) return;
  runState.current = undefined;
  address?.lead(undefined);
  depart(runState, current);
}

function depart(runState: RunState, instance: Instance): void {
  follow(runState, instance.stop());
}

/** The live deploy cannot fail any more, so earlier deploys are obsolete once they ended. */
function keepOnly(
  { options, serviceId }: ServiceContext,
  runState: RunState,
  deployId: string,
): void {
  const old = [...runState.releases.keys()].filter((id) => id !== deployId);
  const home = homeOf(options, serviceId);
  for (const id of old) runState.releases.delete(id);
  const removeOld = async (): Promise<void> => {
    await Promise.all(runState.leaving);
    for (const id of old) removeRelease(home, id);
  };
  if (old.length > 0) follow(runState, removeOld());
}

/** Tracks a background promise until it settles. */
function follow(runState: RunState, ending: Promise<void>): void {
  runState.leaving.add(ending);
  void ending.finally(() => runState.leaving.delete(ending));
}

function say({ log, serviceId }: ServiceContext, line: string): void {
  log.add(serviceId, "app", line);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
