import type { EngineEvent, Stack, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { Consents, deletionRefusal } from "../../infra/provider/kit/consent.ts";
import { REFUSED, REPORT_VARIABLE } from "../../infra/provider/kit/refusals.ts";
import { parseUrn } from "../../infra/resources/urn.ts";
import {
  contractOf,
  heldBy,
  isConsented,
  resourcesOf,
  type StateResource,
} from "./data-consent.ts";
import { carryOut, type Outcome, plainText } from "./operation.ts";
import { stepsOf } from "./steps.ts";
import { takenNames } from "./taken-names.ts";

/**
 * Previews the program and adds every reason for which `up` would refuse it.
 *
 * The engine ends at the first refused change, and refuses a deletion only after everything else
 * was created. So the refusals of changes come from the plugin, which reports them in a preview,
 * and those of deletions from the state.
 */
export async function planChanges(
  stack: Stack,
  log: (line: string) => void,
  state?: readonly StateResource[],
): Promise<Outcome> {
  const events: EngineEvent[] = [];
  const { envVars } = stack.workspace;
  envVars[REPORT_VARIABLE] = "1";
  try {
    const outcome = await carryOut(
      ({ onEvent }) =>
        stack.preview({
          onEvent: (event) => {
            events.push(event);
            onEvent(event);
          },
        }),
      log,
    );
    const [refusals, errors] = judge(events, state ?? (await resourcesOf(stack)));
    if (refusals.length > 0) return { ...stepsOf(events), failure: render(refusals, errors) };
    if (outcome.failure === undefined) return outcome;
    return errors.length > 0 ? { ...outcome, failure: errors.join("\n") } : stepsOf(events);
  } finally {
    delete envVars[REPORT_VARIABLE];
  }
}

function render(refusals: readonly string[], errors: readonly string[]): string {
  const lines = [...refusals, ...errors].map((it) => `  ${it}`);
  return [`up refuses ${refusals.length} change(s), so it changes nothing:`, ...lines].join("\n");
}

/** What the engine says at the end when something failed. */
const SUMMARY = /^(preview|update) failed\s*$/;

/** The refusals of a plan, and the other errors of its preview. */
function judge(
  events: readonly EngineEvent[],
  state: readonly StateResource[],
): [refusals: string[], errors: string[]] {
  const steps = events.flatMap((it) => it.resourcePreEvent?.metadata ?? []);
  const said = events.flatMap(({ diagnosticEvent: it }) => (it?.severity === "error" ? [it] : []));
  const reported = said.filter((it) => it.message.startsWith(REFUSED));
  const refused = new Set(reported.map((it) => it.urn));
  const removed = removedBy(steps, state);
  // The engine's messages about protection repeat a refusal, or concern a deletion with consent.
  const judged = new Set([...refused, ...removed.map((it) => it.urn)]);
  const others = said.filter((it) => !reported.includes(it) && !judged.has(it.urn ?? ""));
  const errors = [...new Set(others.filter((it) => !SUMMARY.test(it.message)).map(plainText))];
  // A program that did not end registers only a part, and the rest is not removed.
  const hasEnded = errors.length === 0;
  const refusals = [
    ...reported.map(({ urn = "", message }) => changeRefusal(urn, message)),
    ...(hasEnded ? removed.flatMap(removalRefusal) : []),
    ...(hasEnded ? takenNames(steps, removed) : []),
  ];
  return [[...new Set(refusals)].toSorted(), errors];
}

function changeRefusal(urn: string, message: string): string {
  const { type, name } = parseUrn(urn);
  return `${type.split(":").at(-1)} "${name}": ${message.slice(REFUSED.length).trim()}`;
}

/** Ops that do not keep a resource. */
const REMOVING: ReadonlySet<string> = new Set(["delete", "delete-replaced", "discard"]);

/** The resources of the state that the program no longer registers, under no earlier name either. */
function removedBy(
  steps: readonly StepEventMetadata[],
  state: readonly StateResource[],
): StateResource[] {
  const kept = steps.filter((it) => !REMOVING.has(it.op));
  const registered = new Set(kept.flatMap((it) => [it.urn, it.old?.urn]));
  return state.filter((it) => contractOf(it.type) !== undefined && !registered.has(it.urn));
}

function removalRefusal(resource: StateResource): string[] {
  const { urn, type, inputs = {}, protect, retainOnDelete } = resource;
  const contract = contractOf(type);
  const lost = heldBy(resource);
  const consents = new Consents();
  if (inputs["protectedBySpec"] === true || (protect && lost === undefined)) {
    const { name } = parseUrn(urn);
    return [
      `${type.split(":").at(-1)} "${name}": the spec protected it, so it is not deleted. ` +
        `Set pulumi: { protect: false } for it for one up before it goes.`,
    ];
  }
  if (!contract || lost === undefined || retainOnDelete || isConsented(consents, resource))
    return [];
  return [deletionRefusal(contract, urn, { lost, name: inputs["name"] })];
}
