import { nowMs, timestamp } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import { deploysOf, statesOf } from "../render/deploy-start.ts";
import {
  type DeployOutcome,
  type DeployRecord,
  isInProgress,
  isMeasured,
} from "../render/deploy-states.ts";

/** The deploy of a service to execute now. */
export function dueDeploy(cloud: Cloud, serviceId: string): DeployRecord | undefined {
  const states = statesOf(cloud, serviceId);
  return deploysOf(cloud, serviceId).find((deploy) => {
    const status = states.get(deploy.id)?.status;
    return (
      status !== undefined && isInProgress(status) && status !== "queued" && isMeasured(deploy)
    );
  });
}

/** The deploy that is live. */
export function liveDeploy(cloud: Cloud, serviceId: string): DeployRecord | undefined {
  const states = statesOf(cloud, serviceId);
  return deploysOf(cloud, serviceId).find(({ id }) => states.get(id)?.status === "live");
}

/** Ends the current step with its measured time, and starts the next one. */
export function endStep(cloud: Cloud, deployId: string): void {
  change(cloud, deployId, (deploy, lastedMs) => {
    const index = deploy.phases.findIndex(({ isOpen }) => isOpen);
    return {
      ...deploy,
      phases: deploy.phases.map((it, at) =>
        at === index ? { status: it.status, ms: lastedMs } : it,
      ),
    };
  });
}

/** Ends the deploy before its last step. */
export function failDeploy(
  cloud: Cloud,
  deployId: string,
  { outcome, reason }: { readonly outcome: DeployOutcome; readonly reason: string },
): void {
  change(cloud, deployId, (deploy, lastedMs) => {
    const index = deploy.phases.findIndex(({ isOpen }) => isOpen);
    const before = deploy.phases.slice(0, index);
    const last = deploy.phases.slice(index, index + 1);
    const phases = [...before, ...last.map(({ status }) => ({ status, ms: lastedMs }))];
    return { ...deploy, outcome, reason, phases };
  });
}

/** Ends the deploys of a service that ran before the cloud was restarted and has no folder now. */
export function giveUpAbandoned(cloud: Cloud): void {
  for (const deploy of Object.values(cloud.state.deploys)) {
    const service = cloud.state.services[deploy.serviceId];
    const isRun = service !== undefined && cloud.runner?.runs(service);
    if (isMeasured(deploy) && !isRun) deploy.canceledAt ??= timestamp(nowMs(cloud.state));
  }
}

/** A deploy that was deleted or canceled meanwhile is not changed. */
function change(
  cloud: Cloud,
  deployId: string,
  changed: (deploy: DeployRecord, lastedMs: number) => DeployRecord,
): void {
  const deploy = cloud.state.deploys[deployId];
  if (!deploy || !isMeasured(deploy) || deploy.canceledAt !== undefined) return;

  const startedMs = statesOf(cloud, deploy.serviceId).get(deployId)?.startedMs ?? 0;
  const index = deploy.phases.findIndex(({ isOpen }) => isOpen);
  const beforeMs = deploy.phases.slice(0, index).reduce((sum, { ms }) => sum + ms, 0);
  const lastedMs = Math.max(0, nowMs(cloud.state) - startedMs - beforeMs);
  cloud.state.deploys[deployId] = changed(deploy, lastedMs);
}
