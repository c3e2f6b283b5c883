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
import { createServiceRun, type Run, type RunPlace } from "./service-run.ts";
import type { Tools } from "./step.ts";
import { type Around, diskDirectory, homeOf } from "./surroundings.ts";

/** Between two looks at what time has brought: schedules, restarts, deploys that waited. */
const LOOK_MS = 250;

/** What runs, and what it is made with. */
interface Fleet extends Omit<Around, "portOf">, Tools {
  readonly members: Map<string, Member>;
  /** What is being stopped. */
  readonly leaving: Set<Promise<unknown>>;
  readonly save: () => void;
}

/** One service that runs, and where it is found. */
interface Member {
  readonly run: Run;
  readonly address: Address | undefined;
}

/** Starts a runner for a cloud, and whatever of it was live. `save` is called after each change. */
export async function startRunner(
  cloud: Cloud,
  options: RunOptions,
  save: () => void,
): Promise<Runner> {
  const log = createRunLog(cloud);
  const guard = startOrphanGuard();
  const tools = { cloud, options, log, guard, save };
  const fleet: Fleet = { ...tools, members: new Map(), leaving: new Set() };
  endLostRuns(cloud);
  await Promise.all(Object.keys(cloud.state.services).map((id) => admit(fleet, id)));
  const timer = setInterval(() => reconcile(fleet), LOOK_MS);
  reconcile(fleet);

  return {
    runs: (service) => runFolder(service, options) !== undefined,
    admit: (serviceId) => admit(fleet, serviceId),
    reconcile: () => reconcile(fleet),
    restart: (serviceId) => fleet.members.get(serviceId)?.run.restart(),
    lines: (serviceId) => log.lines(serviceId),
    address(serviceId) {
      const port = fleet.members.get(serviceId)?.address?.port;
      return port === undefined ? undefined : `http://${HOST}:${port}`;
    },
    async stop() {
      clearInterval(timer);
      for (const member of fleet.members.values()) fleet.leaving.add(stopMember(member));
      await Promise.all(fleet.leaving);
      guard.close();
    },
  };
}

async function admit(fleet: Fleet, serviceId: string): Promise<void> {
  const { cloud, options, members, log, guard } = fleet;
  const service = cloud.state.services[serviceId];
  if (!service || !runFolder(service, options) || members.has(serviceId)) return;
  const hasPort = serviceType(service.type).hasPort;
  const address = hasPort ? await openAddress(cloud.state.ports[serviceId] ?? 0) : undefined;
  if (address) cloud.state.ports[serviceId] = address.port;
  const place: RunPlace = {
    cloud,
    options,
    log,
    guard,
    serviceId,
    address,
    portOf: (id) => members.get(id)?.address?.port,
    changed() {
      fleet.save();
      reconcile(fleet);
    },
  };
  members.set(serviceId, { run: createRun(service, place), address });
}

function reconcile(fleet: Fleet): void {
  const { cloud, members, leaving, options } = fleet;
  for (const [serviceId, member] of members) {
    if (cloud.state.services[serviceId]) member.run.reconcile();
    else void leaving.add(dismiss(fleet, serviceId, member));
  }
  removeGoneDisks(cloud, options);
}

async function dismiss(
  { members, cloud, log, options }: Fleet,
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

function createRun({ type }: ServiceRecord, place: RunPlace): Run {
  return type === "cron_job" ? createCronRun(place) : createServiceRun(place);
}

/** What a run wrote before the cloud ended is lost with its process. */
function endLostRuns({ state }: Cloud): void {
  for (const run of Object.values(state.cronRuns)) {
    if (!run.measured || run.measured.finishedAt !== undefined) continue;
    run.measured = { ...run.measured, finishedAt: timestamp(nowMs(state)), isOk: false };
  }
}

/** A disk is gone with its record, whichever way that went. */
function removeGoneDisks({ state }: Cloud, options: RunOptions): void {
  const disks = join(options.directory, "disks");
  mkdirSync(disks, { recursive: true });
  for (const id of readdirSync(disks)) {
    if (!state.disks[id]) rmSync(diskDirectory(options, id), { recursive: true, force: true });
  }
}
