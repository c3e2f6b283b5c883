import { createHash } from "node:crypto";

import { exactTimestamp } from "../clock.ts";
import type { DeployPhase, DeployRecord, DeployState } from "./deploy-states.ts";
import type { ServiceRecord } from "./records.ts";

/** One line of a log, in Render's shape. */
export interface LogLine {
  readonly id: string;
  readonly message: string;
  readonly timestamp: string;
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

/** A line before it has its place in the log. */
export interface Line {
  readonly atMs: number;
  readonly message: string;
  readonly level: "info" | "error";
  readonly type: "build" | "app";
}

/** What the log says when a fault names no reason. */
const REASONS: Readonly<Record<string, string>> = {
  build_failed: "the build command exited with status 1",
  pre_deploy_failed: "the pre-deploy command exited with status 1",
  update_failed: "no open HTTP port was found before the time was over",
  canceled: "the deploy was canceled",
};

/**
 * What a deploy has written by now, oldest first.
 *
 * The lines tell the steps and the reason of a failure; what runs adds its own output. Commands are
 * not shown, because people put secrets into them.
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

/** A line in its place; `key` makes its id. */
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
