import { exactTimestamp } from "../clock.ts";
import type { DeployRecord, DeployState } from "./deploy-states.ts";

/** A deploy as Render's API shows it. */
export function deployView(deploy: DeployRecord, state: DeployState | undefined, atMs: number) {
  if (!state) throw new Error(`unreachable: deploy ${deploy.id} has no state`);

  const { id, trigger, commit, image, createdAt } = deploy;
  const { status, startedMs, endsMs, changedMs } = state;
  const hasStarted = startedMs <= Math.min(atMs, endsMs);
  return {
    id,
    commit,
    image: image ?? undefined,
    status,
    trigger,
    createdAt,
    updatedAt: changedMs === Date.parse(createdAt) ? createdAt : exactTimestamp(changedMs),
    startedAt: hasStarted ? exactTimestamp(startedMs) : null,
    finishedAt: endsMs <= atMs ? exactTimestamp(endsMs) : null,
  };
}
