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

/** The request of one deploy. */
export interface DeployRequest {
  readonly trigger: "api" | "rollback" | "service_resumed";
  readonly commitId?: string;
  readonly imageUrl?: string;
  /** Deploys without a build. */
  readonly isBuilt?: boolean;
}

/** The order of a deploy's steps, including those that only a fault adds. */
const PHASE_ORDER = ["build_in_progress", "pre_deploy_in_progress", "update_in_progress"] as const;

/** The step in which each failure happens; a canceled deploy ends in its first one. */
const FAILING_PHASE = {
  build_failed: "build_in_progress",
  pre_deploy_failed: "pre_deploy_in_progress",
  update_failed: "update_in_progress",
} as const;

/**
 * The length of an executed step until its end is measured: a century in milliseconds, longer than
 * any clock is advanced and short enough for a date.
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

/** Whether the service has a live deploy and is not suspended. */
export function isLive(cloud: Cloud, serviceId: string): boolean {
  const suspenders = cloud.state.services[serviceId]?.suspenders ?? [];
  const states = [...statesOf(cloud, serviceId).values()];

  return suspenders.length === 0 && states.some(({ status }) => status === "live");
}

/** Whether a service's first deploy is still under way. */
export function isFirstDeploy(cloud: Cloud, serviceId: string): boolean {
  const states = [...statesOf(cloud, serviceId).values()];
  return states.length === 1 && states.every(({ status }) => isInProgress(status));
}

/** Starts or queues a deploy, by the workspace's policy for overlapping deploys. */
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

/** Cancels every deploy that has not ended. */
export function cancelRunningDeploys(cloud: Cloud, serviceId: string): void {
  for (const deploy of runningDeploys(cloud, serviceId)) {
    deploy.canceledAt = timestamp(nowMs(cloud.state));
  }
}

/** The deploy that the next one waits for; the override policy cancels it instead. */
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

/**
 * Code has build, pre-deploy and rollout steps. An image has no build; a cron job's image has no
 * step.
 */
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

/** The phases of a deploy whose steps are executed. */
function openPhases(phases: DeployPhase[], isRun = false): DeployPhase[] {
  return isRun
    ? phases.map(({ status }) => ({ status, ms: UNTIL_MEASURED_MS, isOpen: true }))
    : phases;
}

/** The phases up to the one that fails. */
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

/** The deployed version: the same source gives the same commit or digest. */
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
