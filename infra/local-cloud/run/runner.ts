import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, Runner } from "../cloud.ts";
import type { ServiceRecord } from "../render/records.ts";
import { serviceType } from "../render/service-types.ts";
import { type Address, HOST, openAddress } from "./address.ts";
import { createCronRun } from "./cron-run.ts";
import { startOrphanGuard } from "./orphan-guard.ts";
import { createRunLog } from "./run-log.ts";
import { runFolder, type RunOptions } from "./run-source.ts";
import { createServiceRun, type Run, type ServiceContext } from "./service-run.ts";
import type { Tools } from "./step.ts";
import { type CloudContext, diskDirectory, homeOf } from "./process-environment.ts";

/** Interval of reconciliation: schedules, restarts and queued deploys. */
const RECONCILE_MS = 250;

/** The running services and their tools. */
interface RunnerState extends Omit<CloudContext, "portOf">, Tools {
  readonly members: Map<string, Member>;
  /** Stops in progress. */
  readonly leaving: Set<Promise<unknown>>;
  readonly save: () => void;
}

/** One running service and its address. */
interface Member {
  readonly run: Run;
  readonly address: Address | undefined;
}

/**
 * Starts a runner for a cloud, with the services that were live. `save` is called after each
 * change.
 */
export async function startRunner(
  cloud: Cloud,
  options: RunOptions,
  save: () => void,
): Promise<Runner> {
  const log = createRunLog(cloud);
  const guard = startOrphanGuard();
  const tools = { cloud, options, log, guard, save };
  const runner: RunnerState = { ...tools, members: new Map(), leaving: new Set() };
  endLostRuns(cloud);
  await Promise.all(Object.keys(cloud.state.services).map((id) => admit(runner, id)));
  const timer = setInterval(() => reconcile(runner), RECONCILE_MS);
  reconcile(runner);

  return {
    runs: (service) => runFolder(service, options) !== undefined,
    admit: (serviceId) => admit(runner, serviceId),
    reconcile: () => reconcile(runner),
    restart: (serviceId) => runner.members.get(serviceId)?.run.restart(),
    lines: (serviceId) => log.lines(serviceId),
    address(serviceId) {
      const port = runner.members.get(serviceId)?.address?.port;
      return port === undefined ? undefined : `http://${HOST}:${port}`;
    },
    async stop() {
      clearInterval(timer);
      for (const member of runner.members.values()) runner.leaving.add(stopMember(member));
      await Promise.all(runner.leaving);
      guard.close();
    },
  };
}

async function admit(runner: RunnerState, serviceId: string): Promise<void> {
  const { cloud, options, members, log, guard } = runner;
  const service = cloud.state.services[serviceId];
  if (!service || !runFolder(service, options) || members.has(serviceId)) return;
  const hasPort = serviceType(service.type).hasPort;
  const address = hasPort ? await openAddress(cloud.state.ports[serviceId] ?? 0) : undefined;
  if (address) cloud.state.ports[serviceId] = address.port;
  const context: ServiceContext = {
    cloud,
    options,
    log,
    guard,
    serviceId,
    address,
    portOf: (id) => members.get(id)?.address?.port,
    changed() {
      runner.save();
      reconcile(runner);
    },
  };
  members.set(serviceId, { run: createRun(service, context), address });
}

function reconcile(runner: RunnerState): void {
  const { cloud, members, leaving, options } = runner;
  for (const [serviceId, member] of members) {
    if (cloud.state.services[serviceId]) member.run.reconcile();
    else void leaving.add(dismiss(runner, serviceId, member));
  }
  removeGoneDisks(cloud, options);
}

async function dismiss(
  { members, cloud, log, options }: RunnerState,
  serviceId: string,
  member: Member,
): Promise<void> {
  members.delete(serviceId);
  delete cloud.state.ports[serviceId];
  await stopMember(member);
  log.forget(serviceId);
  rmSync(homeOf(options, serviceId), { recursive: true, force: true });
}

async function stopMember({ run, address }: Member): Promise<void> {
  await run.stop();
  await address?.close();
}

function createRun({ type }: ServiceRecord, context: ServiceContext): Run {
  return type === "cron_job" ? createCronRun(context) : createServiceRun(context);
}

/** Marks runs as failed whose process ended with the previous cloud. */
function endLostRuns({ state }: Cloud): void {
  for (const run of Object.values(state.cronRuns)) {
    if (!run.measured || run.measured.finishedAt !== undefined) continue;
    run.measured = { ...run.measured, finishedAt: timestamp(nowMs(state)), isOk: false };
  }
}

/** Removes the directories of disks that have no record. */
function removeGoneDisks({ state }: Cloud, options: RunOptions): void {
  const disks = join(options.directory, "disks");
  mkdirSync(disks, { recursive: true });
  for (const id of readdirSync(disks)) {
    if (!state.disks[id]) rmSync(diskDirectory(options, id), { recursive: true, force: true });
  }
}
