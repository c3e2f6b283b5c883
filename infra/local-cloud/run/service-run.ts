import type { DeployRecord } from "../render/deploy-states.ts";
import type { ServiceRecord } from "../render/records.ts";
import type { Address } from "./address.ts";
import { type Instance, startInstance } from "./instance.ts";
import { dueDeploy, endStep, failDeploy, liveDeploy } from "./measured-deploy.ts";
import { type Release, removeRelease } from "./release.ts";
import { build, preDeploy, StepFailure, type Tools } from "./step.ts";
import { type Around, homeOf, prepareRelease } from "./surroundings.ts";
import { createWorker, type Work } from "./task.ts";

/** A service or cron job that really runs. */
export interface Run {
  /** Brings what runs in line with what the cloud holds. */
  readonly reconcile: () => void;
  readonly restart: () => void;
  /** Ends everything of it. */
  readonly stop: () => Promise<void>;
}

/** What a run is made with. */
export interface RunPlace extends Around, Tools {
  readonly serviceId: string;
  /** Where the service is found; a worker and a cron job are found nowhere. */
  readonly address: Address | undefined;
  /** To be called after each change of the cloud's state. */
  readonly changed: () => void;
}

/** Waits before a service that ended is started again: 1 s, doubled each time. */
const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MAX_MS = 60_000;

/** An instance that lived so long had started well, so the next wait is the first one again. */
const STEADY_MS = 60_000;

/** The state of one running service. */
interface Life {
  current: Instance | undefined;
  /** What was live, and what is live: a deploy that fails goes back to the one before. */
  readonly releases: Map<string, Release>;
  /** Instances that are ending. */
  readonly leaving: Set<Promise<void>>;
  failures: number;
  retryAtMs: number;
  isRestartAsked: boolean;
}

/** Runs a service: deploys it, keeps its instance alive, and replaces it. */
export function createServiceRun(place: RunPlace): Run {
  const life: Life = {
    current: undefined,
    releases: new Map(),
    leaving: new Set(),
    failures: 0,
    retryAtMs: 0,
    isRestartAsked: false,
  };
  const worker = createWorker(
    () => wantedWork(place, life),
    (error) => say(place, `==> ${textOf(error)}`),
  );

  return {
    reconcile: () => worker.look(),
    restart() {
      life.isRestartAsked = true;
      worker.look();
    },
    async stop() {
      await worker.end();
      leave(place, life);
      await Promise.all(life.leaving);
    },
  };
}

function wantedWork(place: RunPlace, life: Life): Work | undefined {
  const { cloud, serviceId } = place;
  const service = cloud.state.services[serviceId];
  if (!service || service.suspenders.length > 0) {
    return life.current && { key: "leave", carryOut: async () => leave(place, life) };
  }
  const due = dueDeploy(cloud, serviceId);
  if (due) {
    return { key: due.id, carryOut: (signal) => deploy({ place, life, service, signal }, due) };
  }
  const live = liveDeploy(cloud, serviceId);
  if (!live || (life.current && !life.isRestartAsked)) return undefined;
  if (performance.now() < life.retryAtMs) return undefined;
  return {
    key: `start ${live.id}`,
    carryOut: (signal) => revive({ place, life, service, signal }, live),
  };
}

/** One piece of work on a service. */
interface Job {
  readonly place: RunPlace;
  readonly life: Life;
  readonly service: ServiceRecord;
  readonly signal: AbortSignal;
}

async function deploy(job: Job, { id, phases }: DeployRecord): Promise<void> {
  const { place, service, life, signal } = job;
  const { cloud, changed } = place;
  const end = (status: DeployRecord["phases"][number]["status"]): void => {
    if (!phases.some((it) => it.status === status)) return;
    endStep(cloud, id);
    changed();
  };
  try {
    const release = await built(job, id);
    end("build_in_progress");
    await preDeploy(release, { serviceId: service.id, signal }, place);
    end("pre_deploy_in_progress");
    await replace(job, release);
    end("update_in_progress");
    keepOnly(place, life, id);
  } catch (error) {
    removeRelease(homeOf(place.options, service.id), id);
    life.releases.delete(id);
    if (signal.aborted) return;
    const outcome = error instanceof StepFailure ? error.outcome : "build_failed";
    failDeploy(cloud, id, { outcome, reason: textOf(error) });
    changed();
  }
}

/** Starts what is live: after the cloud was started, or the instance ended, or somebody asked for a restart. */
async function revive(job: Job, { id }: DeployRecord): Promise<void> {
  const { life, place } = job;
  life.isRestartAsked = false;
  try {
    await replace(job, life.releases.get(id) ?? (await built(job, id)));
  } catch (error) {
    if (!job.signal.aborted) backOff(life);
    say(place, `==> ${textOf(error)}`);
  }
}

async function built({ place, life, service, signal }: Job, deployId: string): Promise<Release> {
  const deployRecord = place.cloud.state.deploys[deployId];
  if (!deployRecord) throw new StepFailure("canceled", "the deploy is gone");
  const release = prepareRelease(place, service, deployRecord);
  life.releases.set(deployId, release);
  await build(release, { serviceId: service.id, signal }, place);
  return release;
}

/**
 * Starts the new instance and then ends the old one, so that no request is lost; with a disk the old
 * one ends first. @see https://render.com/docs/disks
 */
async function replace({ place, life, service, signal }: Job, release: Release): Promise<void> {
  if (release.hasDisk) {
    leave(place, life);
    await Promise.all(life.leaving);
  }
  const limitMs = place.options.startLimitMs;
  const instance = await startInstance({ release, serviceId: service.id, signal, limitMs }, place);
  const before = life.current;
  life.current = instance;
  place.address?.lead(instance.port);
  if (before) depart(life, before);
  void outlive(place, life, instance);
}

/** An instance that ends without being told to is missed, and will be started again. */
async function outlive(place: RunPlace, life: Life, instance: Instance): Promise<void> {
  const startedMs = performance.now();
  const words = await instance.ended;
  if (life.current !== instance) return;
  life.current = undefined;
  place.address?.lead(undefined);
  if (performance.now() - startedMs >= STEADY_MS) life.failures = 0;
  backOff(life);
  say(place, `==> The instance ${words}: restarting`);
}

function backOff(life: Life): void {
  const waitMs = Math.min(BACKOFF_FIRST_MS * 2 ** life.failures, BACKOFF_MAX_MS);
  life.failures += 1;
  life.retryAtMs = performance.now() + waitMs;
}

/** The current instance goes; nothing answers until there is another one. */
function leave({ address }: RunPlace, life: Life): void {
  const { current } = life;
  if (!current) return;
  life.current = undefined;
  address?.lead(undefined);
  depart(life, current);
}

function depart(life: Life, instance: Instance): void {
  follow(life, instance.stop());
}

/** What is live now cannot fail any more, so the deploys before it are of no use once they ended. */
function keepOnly({ options, serviceId }: RunPlace, life: Life, deployId: string): void {
  const old = [...life.releases.keys()].filter((id) => id !== deployId);
  const home = homeOf(options, serviceId);
  for (const id of old) life.releases.delete(id);
  const removeOld = async (): Promise<void> => {
    await Promise.all(life.leaving);
    for (const id of old) removeRelease(home, id);
  };
  if (old.length > 0) follow(life, removeOld());
}

/** Remembers what goes on beside the work, for as long as it does. */
function follow(life: Life, ending: Promise<void>): void {
  life.leaving.add(ending);
  void ending.finally(() => life.leaving.delete(ending));
}

function say({ log, serviceId }: RunPlace, line: string): void {
  log.add(serviceId, "app", line);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
