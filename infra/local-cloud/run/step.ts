import type { DeployOutcome } from "../render/deploy-states.ts";
import { type ProcessGroup, startGroup } from "./process-group.ts";
import type { OrphanGuard } from "./orphan-guard.ts";
import type { Release } from "./release.ts";
import type { LineType, RunLog } from "./run-log.ts";

/** What every process is started with. */
export interface Tools {
  readonly log: RunLog;
  readonly guard: OrphanGuard;
}

/** A step of a deploy that came to nothing, and how the deploy ends by it. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly outcome: DeployOutcome;

  constructor(outcome: DeployOutcome, reason: string) {
    super(reason);
    this.outcome = outcome;
  }
}

/** Render's limits of a build and of a pre-deploy command. @see https://render.com/docs/deploys */
const BUILD_LIMIT_MS = 120 * 60_000;
const PRE_DEPLOY_LIMIT_MS = 30 * 60_000;

/** A step that is told to end has nothing to finish, so it gets little time. */
const STEP_GRACE_MS = 5000;

/** Which step, for which service. */
export interface StepPlace {
  readonly serviceId: string;
  readonly signal: AbortSignal;
}

/** Runs the build command of a release. @throws StepFailure */
export async function build(release: Release, place: StepPlace, tools: Tools): Promise<void> {
  const { buildCommand: command } = release;
  if (command === undefined) return;
  const step = { release, command, type: "build", limitMs: BUILD_LIMIT_MS } as const;
  await runStep(step, { ...place, outcome: "build_failed", name: "the build command" }, tools);
}

/** Runs the pre-deploy command of a release. @throws StepFailure */
export async function preDeploy(release: Release, place: StepPlace, tools: Tools): Promise<void> {
  const { preDeployCommand: command } = release;
  if (command === undefined) return;
  const step = { release, command, type: "build", limitMs: PRE_DEPLOY_LIMIT_MS } as const;
  const end = { ...place, outcome: "pre_deploy_failed", name: "the pre-deploy command" } as const;
  await runStep(step, end, tools);
}

interface Step {
  readonly release: Release;
  readonly command: string;
  readonly type: LineType;
  readonly limitMs: number;
}

interface StepEnd extends StepPlace {
  readonly outcome: DeployOutcome;
  readonly name: string;
}

async function runStep(step: Step, { outcome, name, ...place }: StepEnd, tools: Tools) {
  const { release, command, type, limitMs } = step;
  const group = startCommand({ release, command, type, serviceId: place.serviceId }, tools);
  const stop = (): void => void group.stop(STEP_GRACE_MS);
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([place.signal, limit]);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const { isOk, words } = await group.ended;
  signal.removeEventListener("abort", stop);
  place.signal.throwIfAborted();
  if (limit.aborted)
    throw new StepFailure(outcome, `${name} took longer than ${limitMs / 60_000} min`);
  if (!isOk) throw new StepFailure(outcome, `${name} ${words}`);
}

/** A command of a release, with what it writes in the log of its service. */
export interface ReleaseCommand {
  readonly release: Release;
  readonly command: string;
  readonly type: LineType;
  readonly serviceId: string;
  /** Port of the instance. */
  readonly port?: number | undefined;
}

/** Starts a command where the code of its release is, with the release's environment. */
export function startCommand(
  { release, command, type, serviceId, port }: ReleaseCommand,
  { log, guard }: Tools,
): ProcessGroup {
  const { directory: cwd, env } = release;
  return startGroup({
    command,
    cwd,
    // An instance has a port of its own, because the one before it may still have the usual one.
    env: port === undefined ? env : { ...env, PORT: String(port) },
    onLine: (line) => log.add(serviceId, type, line),
    guard,
  });
}
