import { exactTimestamp } from "../clock.ts";
import type { DEPLOY_FAILURES } from "../faults.ts";
import type { ServiceRecord } from "./records.ts";
import { createHash } from "node:crypto";

/** A step of a deploy that takes time. */
export interface DeployPhase {
  readonly status: "build_in_progress" | "pre_deploy_in_progress" | "update_in_progress";
  readonly ms: number;
  /** Executed here and not finished, so its length is unknown. */
  readonly isOpen?: true;
}

export type DeployOutcome = "live" | (typeof DEPLOY_FAILURES)[number];

export type DeployStatus =
  | "created"
  | "queued"
  | DeployPhase["status"]
  | DeployOutcome
  | "deactivated";

/**
 * The record of a deploy: what was decided when it was created. Its status is a function of time.
 */
export interface DeployRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly trigger: string;
  readonly createdAt: string;
  readonly commit: { id: string; message: string; createdAt: string } | null;
  readonly image: { ref: string; sha: string } | null;
  /** The deploy that must end first, under the wait policy. */
  readonly after?: string;
  readonly phases: readonly DeployPhase[];
  readonly outcome: DeployOutcome;
  /** The reason of a failure in the log. */
  readonly reason?: string;
  canceledAt?: string;
}

/** A deploy at one instant. */
export interface DeployState {
  readonly status: DeployStatus;
  readonly startedMs: number;
  /** When it ends or ended, unless it is canceled. */
  readonly endsMs: number;
  /** When the status last changed. */
  readonly changedMs: number;
  /** When a deploy that waits for it may start. */
  readonly freeMs: number;
}

const IN_PROGRESS: readonly DeployStatus[] = [
  "created",
  "queued",
  "build_in_progress",
  "pre_deploy_in_progress",
  "update_in_progress",
];

/** It has not ended. */
export function isInProgress(status: DeployStatus): boolean {
  return IN_PROGRESS.includes(status);
}

/** Whether one of its steps is being executed or will be. */
export function isMeasured({ phases }: DeployRecord): boolean {
  return phases.some(({ isOpen }) => isOpen);
}

/**
 * The states of all deploys of one service at one instant.
 *
 * Computed from timestamps. So nothing runs between two requests, the clock may jump, and a cloud
 * loaded from a file has the right state.
 */
export function deployStates(
  deploys: readonly DeployRecord[],
  atMs: number,
): ReadonlyMap<string, DeployState> {
  const states = new Map<string, DeployState>();
  for (const deploy of deploys) {
    const previous = deploy.after === undefined ? undefined : states.get(deploy.after);
    states.set(deploy.id, stateAlone(deploy, previous?.freeMs ?? 0, atMs));
  }
  return withDeactivated(states);
}

/** The state of a deploy without regard to others, except the one it waits for. */
function stateAlone(deploy: DeployRecord, freeMsBefore: number, atMs: number): DeployState {
  const createdMs = Date.parse(deploy.createdAt);
  const startedMs = Math.max(createdMs, freeMsBefore);
  const plannedMs = startedMs + deploy.phases.reduce((sum, { ms }) => sum + ms, 0);
  const canceledMs = deploy.canceledAt === undefined ? Infinity : Date.parse(deploy.canceledAt);

  if (canceledMs < plannedMs) {
    // When a waiting deploy is canceled, later ones wait for the one before it.
    const freeMs = Math.max(canceledMs, freeMsBefore);
    return { status: "canceled", startedMs, endsMs: canceledMs, changedMs: canceledMs, freeMs };
  }
  const step = { startedMs, endsMs: plannedMs, freeMs: plannedMs };
  if (atMs < startedMs) return { ...step, status: "queued", changedMs: createdMs };
  if (atMs >= plannedMs) return { ...step, status: deploy.outcome, changedMs: plannedMs };
  return { ...step, ...phaseAt(deploy.phases, startedMs, atMs) };
}

function phaseAt(
  phases: readonly DeployPhase[],
  startedMs: number,
  atMs: number,
): { status: DeployStatus; changedMs: number } {
  let changedMs = startedMs;
  for (const { status, ms } of phases) {
    if (atMs < changedMs + ms) return { status, changedMs };
    changedMs += ms;
  }
  throw new Error("unreachable: the deploy is over, so it is in no phase");
}

/** Only the deploy that went live last is live; it deactivated the earlier ones. */
function withDeactivated(states: Map<string, DeployState>): Map<string, DeployState> {
  const live = [...states]
    .filter(([, { status }]) => status === "live")
    .toSorted(([, a], [, b]) => a.endsMs - b.endsMs);

  live.forEach(([id, state], index) => {
    const [, next] = live[index + 1] ?? [];
    if (next) states.set(id, { ...state, status: "deactivated", changedMs: next.endsMs });
  });
  return states;
}

/** One line of a log, in Render's shape. */
export interface LogLine {
  readonly id: string;
  readonly message: string;
  readonly timestamp: string;
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

/** A line without its position in the log. */
interface Line {
  readonly atMs: number;
  readonly message: string;
  readonly level: "info" | "error";
  readonly type: "build" | "app";
}

/** The reason in the log when a fault names none. */
const REASONS: Readonly<Record<string, string>> = {
  build_failed: "the build command exited with status 1",
  pre_deploy_failed: "the pre-deploy command exited with status 1",
  update_failed: "no open HTTP port was found within the time limit",
  canceled: "the deploy was canceled",
};

/**
 * The log of a deploy up to now, oldest first.
 *
 * The lines show the steps and the reason of a failure; running services add their own output.
 * Commands are not shown, because they may contain secrets.
 */
export function deployLog(
  service: ServiceRecord,
  deploy: DeployRecord,
  view: { readonly state: DeployState; readonly atMs: number },
): LogLine[] {
  const { state, atMs } = view;
  const until = Math.min(atMs, state.endsMs);
  const lines = [...phaseLines(deploy, state), ...endLines(deploy, state)];

  return lines
    .filter((it) => it.atMs <= until)
    .map((line, index) => logLine(service.id, line, `${deploy.id}/${index}`));
}

function phaseLines({ phases, commit }: DeployRecord, state: DeployState): Line[] {
  let atMs = state.startedMs;
  return phases.map(({ status, ms }) => {
    const line = {
      atMs,
      message: phaseText(status, commit?.id),
      level: "info",
      type: typeOf(status),
    };
    atMs += ms;
    return line as Line;
  });
}

function phaseText(status: DeployPhase["status"], commit: string | undefined): string {
  const texts = {
    build_in_progress: `==> Building${commit ? ` commit ${commit}` : ""}`,
    pre_deploy_in_progress: "==> Running the pre-deploy command",
    update_in_progress: "==> Starting the new instances",
  };
  return texts[status];
}

function endLines(deploy: DeployRecord, { status, endsMs }: DeployState): Line[] {
  const type = typeOf(deploy.phases.at(-1)?.status);
  if (status === "live" || status === "deactivated") {
    return [{ atMs: endsMs, message: "==> The service is live", level: "info", type }];
  }
  const reason = deploy.reason ?? REASONS[status];
  if (reason === undefined) return [];

  return [
    { atMs: endsMs, message: `error: ${reason}`, level: "error", type },
    { atMs: endsMs, message: `==> Deploy ended: ${status}`, level: "error", type },
  ];
}

function typeOf(status: DeployPhase["status"] | undefined): Line["type"] {
  return status === "update_in_progress" ? "app" : "build";
}

/** A line with its position; its id is made from `key`. */
export function logLine(
  serviceId: string,
  { atMs, message, level, type }: Line,
  key: string,
): LogLine {
  return {
    id: createHash("sha256").update(key).digest("hex").slice(0, 20),
    message,
    timestamp: exactTimestamp(atMs),
    labels: [
      { name: "resource", value: serviceId },
      { name: "type", value: type },
      { name: "level", value: level },
    ],
  };
}
