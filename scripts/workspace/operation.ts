import { parseUrn } from "../../infra/resources/urn.ts";
import type { DiagnosticEvent, EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { changeOf, renderStep, type Steps, stepsOf } from "./steps.ts";

/** The result of an engine operation. */
export interface Outcome extends Steps {
  /** The errors of the engine and the plugins; absent on success. */
  readonly failure?: string;
}

type Operation = (options: { onEvent: (event: EngineEvent) => void }) => Promise<unknown>;

/** Runs an engine operation and collects its steps. */
export async function carryOut(
  operation: Operation,
  log: (line: string) => void,
): Promise<Outcome> {
  const events: EngineEvent[] = [];
  const onEvent = (event: EngineEvent): void => {
    events.push(event);
    reportProgress(event, log);
  };
  try {
    await operation({ onEvent });
    return stepsOf(events);
  } catch (error) {
    const { CommandError, ConcurrentUpdateError } =
      await import("@pulumi/pulumi/automation/index.js");
    if (!(error instanceof CommandError)) throw error;
    // The engine repeats the lock in several lines; the holder fits into one.
    if (error instanceof ConcurrentUpdateError) return { changes: 0, steps: [], failure: LOCKED };
    return { ...stepsOf(events), failure: failureText(events, error) };
  }
}

const LOCKED =
  "another operation of this stack has begun meanwhile and holds the engine's lock. Wait for it, then run this again.";

/** Renders the steps, or says that nothing changes. */
export function renderOutcome({ steps, changes, failure }: Outcome): string {
  const lines = steps.flatMap((step) => [
    `  ${renderStep(step)}`,
    ...(step.says ?? []).map((words) => `      ${words}`),
  ]);
  return [...lines, failure ? `Failed: ${failure}` : renderTotal({ changes })].join("\n");
}

/** Renders the number of changes. */
export function renderTotal({ changes }: Pick<Outcome, "changes">): string {
  return changes === 0 ? "  Nothing changes." : `  ${changes} change(s).`;
}

/**
 * Logs one line per finished or failed resource and per message of the program; planned steps are
 * not logged.
 */
function reportProgress(
  { resOpFailedEvent, resOutputsEvent, diagnosticEvent }: EngineEvent,
  log: (line: string) => void,
): void {
  if (diagnosticEvent && isSaid(diagnosticEvent)) {
    log(`  ${SAID[diagnosticEvent.severity]}: ${plainText(diagnosticEvent)}`);
  }
  const [verb, metadata] = resOpFailedEvent
    ? (["failed", resOpFailedEvent.metadata] as const)
    : (["done", resOutputsEvent?.planning ? undefined : resOutputsEvent?.metadata] as const);
  const step = metadata && changeOf(metadata);
  if (step) log(`  ${verb}: ${renderStep(step)}`);
}

/** Messages of the program. The engine's own messages are left out. */
const SAID: Readonly<Record<string, string>> = { warning: "warning", info: "note" };

function isSaid({ severity, urn, ephemeral }: DiagnosticEvent): boolean {
  if (ephemeral) return false;
  return severity === "warning" || (severity === "info" && urn?.includes(STACK_TYPE) === true);
}

const STACK_TYPE = "pulumi:pulumi:Stack";

/** The engine marks colours as `<{%bold%}>`. */
const COLOUR = /<\{%[^%]*%\}>/g;

function failureText(events: readonly EngineEvent[], error: Error): string {
  const said = events
    .flatMap(({ diagnosticEvent }) =>
      diagnosticEvent?.severity === "error" ? [diagnosticEvent] : [],
    )
    .map(plainText);
  return said.length > 0 ? [...new Set(said)].join("\n") : error.message;
}

/** The text of a diagnostic, without colours, after the name of its resource. */
export function plainText({ message, urn }: { message: string; urn?: string }): string {
  return `${nameOf(urn)}${message.replace(COLOUR, "").trim()}`;
}

function nameOf(urn: string | undefined): string {
  const name = urn && parseUrn(urn).name;
  return name && !urn?.includes(STACK_TYPE) ? `${name}: ` : "";
}
