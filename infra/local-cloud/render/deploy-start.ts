import { createHash } from "node:crypto";

import { nowMs, type PhaseTimes, timestamp } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import type { DeployFault } from "../faults.ts";
import { newId } from "../ids.ts";
import {
  type DeployPhase,
  type DeployRecord,
  type DeployState,
  deployStates,
  isInProgress,
} from "./deploy-states.ts";
import type { ServiceRecord } from "./records.ts";

/** What is asked of one deploy. */
export interface DeployRequest {
  readonly trigger: "api" | "rollback" | "service_resumed";
  readonly commitId?: string;
  readonly imageUrl?: string;
  /** Start what is already built. */
  readonly isBuilt?: boolean;
}

/** The order of the steps of a deploy, also of those that only a fault brings in. */
const PHASE_ORDER = ["build_in_progress", "pre_deploy_in_progress", "update_in_progress"] as const;

/** The step in which each failure happens; a canceled deploy is cut in its first one. */
const FAILING_PHASE = {
  build_failed: "build_in_progress",
  pre_deploy_failed: "pre_deploy_in_progress",
  update_failed: "update_in_progress",
} as const;

/**
 * A step that is really carried out lasts until it is measured: longer than any clock is advanced,
 * and short enough for a date. A century, in milliseconds.
 */
const UNTIL_MEASURED_MS = 100 * 365 * 24 * 60 * 60 * 1000;

/** The deploys of a service, oldest first. */
export function deploysOf(cloud: Cloud, serviceId: string): DeployRecord[] {
  return Object.values(cloud.state.deploys).filter((it) => it.serviceId === serviceId);
}

/** The state of every deploy of a service now. */
export function statesOf(cloud: Cloud, serviceId: string): ReadonlyMap<string, DeployState> {
  return deployStates(deploysOf(cloud, serviceId), nowMs(cloud.state));
}

/** Whether some deploy of the service is live and nobody has suspended it. */
export function isLive(cloud: Cloud, serviceId: string): boolean {
  const suspenders = cloud.state.services[serviceId]?.suspenders ?? [];
  const states = [...statesOf(cloud, serviceId).values()];

  return suspenders.length === 0 && states.some(({ status }) => status === "live");
}

/** Starts a deploy, or queues it, as the workspace's policy for overlapping deploys says. */
export function startDeploy(
  cloud: Cloud,
  service: ServiceRecord,
  request: DeployRequest,
): DeployRecord {
  const waitsFor = clearTheWay(cloud, service.id);
  const at = nowMs(cloud.state);
  const fault = cloud.faults.takeForDeploy(service.name);
  const deploy: DeployRecord = {
    id: newId("dep", at),
    serviceId: service.id,
    trigger: request.trigger,
    createdAt: timestamp(at),
    ...artifact(service, request),
    after: waitsFor?.id,
    phases: fault
      ? plannedPhases(phasesOf(service, request, cloud.phases), fault, cloud.phases)
      : openPhases(phasesOf(service, request, cloud.phases), cloud.runner?.runs(service)),
    outcome: fault?.deploy ?? "live",
    reason: fault?.reason,
  };

  cloud.state.deploys[deploy.id] = deploy;
  return deploy;
}

/** Cancels whatever has not ended yet. */
export function cancelRunningDeploys(cloud: Cloud, serviceId: string): void {
  for (const deploy of runningDeploys(cloud, serviceId)) {
    deploy.canceledAt = timestamp(nowMs(cloud.state));
  }
}

/** The deploy that the next one has to wait for; overriding cancels it instead. */
function clearTheWay(cloud: Cloud, serviceId: string): DeployRecord | undefined {
  if (cloud.state.settings.deployPolicy === "wait") return runningDeploys(cloud, serviceId).at(-1);

  cancelRunningDeploys(cloud, serviceId);
  return undefined;
}

function runningDeploys(cloud: Cloud, serviceId: string): DeployRecord[] {
  const states = statesOf(cloud, serviceId);
  return deploysOf(cloud, serviceId).filter(({ id }) => {
    const state = states.get(id);
    return state !== undefined && isInProgress(state.status);
  });
}

/** Code is built, then prepared, then rolled out; an image is not built, and a cron job's is only named. */
function phasesOf(
  { type, source, details }: ServiceRecord,
  request: DeployRequest,
  times: PhaseTimes,
): DeployPhase[] {
  const isImage = "imagePath" in source;
  const isOnlyNamed = isImage && type === "cron_job";
  const phases = [
    !isImage && !request.isBuilt && phase("build_in_progress", times),
    details.preDeployCommand !== undefined && phase("pre_deploy_in_progress", times),
    !isOnlyNamed && phase("update_in_progress", times),
  ];
  return phases.filter((it) => it !== false);
}

/** The phases of a deploy whose steps are really carried out. */
function openPhases(phases: DeployPhase[], isRun = false): DeployPhase[] {
  return isRun
    ? phases.map(({ status }) => ({ status, ms: UNTIL_MEASURED_MS, isOpen: true }))
    : phases;
}

/** The phases up to the one in which the fault strikes. */
function plannedPhases(
  phases: DeployPhase[],
  fault: DeployFault,
  times: PhaseTimes,
): DeployPhase[] {
  if (fault.deploy === "canceled") return phases.slice(0, 1);

  const failing = FAILING_PHASE[fault.deploy];
  const before = phases.filter(
    ({ status }) => PHASE_ORDER.indexOf(status) < PHASE_ORDER.indexOf(failing),
  );
  return [...before, phase(failing, times)];
}

function phase(status: DeployPhase["status"], times: PhaseTimes): DeployPhase {
  const ms = {
    build_in_progress: times.buildMs,
    pre_deploy_in_progress: times.preDeployMs,
    update_in_progress: times.updateMs,
  };
  return { status, ms: ms[status] };
}

/** What is deployed: the same source gives the same commit or digest. */
function artifact(
  { source, createdAt }: ServiceRecord,
  { commitId, imageUrl }: DeployRequest,
): Pick<DeployRecord, "commit" | "image"> {
  if ("imagePath" in source) {
    const ref = imageUrl ?? source.imagePath;
    return { commit: null, image: { ref, sha: `sha256:${digest("sha256", ref)}` } };
  }
  const { repo, branch } = source;
  const id = commitId ?? digest("sha1", `${repo}#${branch}`);
  return { commit: { id, message: `The newest commit of ${branch}`, createdAt }, image: null };
}

function digest(algorithm: "sha1" | "sha256", text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}
