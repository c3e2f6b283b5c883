import type { DeployOutcome } from "../render/deploy-states.ts";
import { type ProcessGroup, startGroup } from "./process-group.ts";
import type { OrphanGuard } from "./orphan-guard.ts";
import type { Release } from "./release.ts";
import type { LineType, RunLog } from "./run-log.ts";

/** The tools that every process needs. */
export interface Tools {
  readonly log: RunLog;
  readonly guard: OrphanGuard;
}

/** A failed step of a deploy, with the deploy's final state. */
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

/** Grace period of an aborted step. */
const STEP_GRACE_MS = 5000;

/** The step and its service. */
export interface StepPlace {
  readonly serviceId: string;
  readonly signal: AbortSignal;
}

/** Runs the build command of a release. @throws StepFailure */
export async function build(release: Release, context: StepPlace, tools: Tools): Promise<void> {
  const { buildCommand: command } = release;
  if (command === undefined) return;
  const step = { release, command, type: "build", limitMs: BUILD_LIMIT_MS } as const;
  await runStep(step, { ...context, outcome: "build_failed", name: "the build command" }, tools);
}

/** Runs the pre-deploy command of a release. @throws StepFailure */
export async function preDeploy(release: Release, context: StepPlace, tools: Tools): Promise<void> {
  const { preDeployCommand: command } = release;
  if (command === undefined) return;
  const step = { release, command, type: "build", limitMs: PRE_DEPLOY_LIMIT_MS } as const;
  const end = { ...context, outcome: "pre_deploy_failed", name: "the pre-deploy command" } as const;
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

async function runStep(step: Step, { outcome, name, ...context }: StepEnd, tools: Tools) {
  const { release, command, type, limitMs } = step;
  const group = startCommand({ release, command, type, serviceId: context.serviceId }, tools);
  const stop = (): void => void group.stop(STEP_GRACE_MS);
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([context.signal, limit]);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const { isOk, words } = await group.ended;
  signal.removeEventListener("abort", stop);
  context.signal.throwIfAborted();
  if (limit.aborted)
    throw new StepFailure(outcome, `${name} took longer than ${limitMs / 60_000} min`);
  if (!isOk) throw new StepFailure(outcome, `${name} ${words}`);
}

/** Runs a command of a release and writes its output to the service's log. */
export interface ReleaseCommand {
  readonly release: Release;
  readonly command: string;
  readonly type: LineType;
  readonly serviceId: string;
  /** Port of the instance. */
  readonly port?: number | undefined;
}

/** Starts a command in the release's directory, with its environment. */
export function startCommand(
  { release, command, type, serviceId, port }: ReleaseCommand,
  { log, guard }: Tools,
): ProcessGroup {
  const { directory: cwd, env } = release;
  return startGroup({
    command,
    cwd,
    // Each instance has its own port, because the previous one may still use the default one.
    env: port === undefined ? env : { ...env, PORT: String(port) },
    onLine: (line) => log.add(serviceId, type, line),
    guard,
  });
}
