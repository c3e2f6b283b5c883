import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { channelReferences } from "../runtime-reference.ts";
import { isSupervised } from "../supervision.ts";
import { cronJobEnv, effectiveEnv, type VariableParts, variablesOf } from "../variables.ts";

/** A process that sends alerts, with its variables. */
interface Sender {
  readonly path: string;
  readonly env: ReadonlyMap<string, VariableParts>;
}

/** A switch, or one of a list of which the first that is set counts. It may be missing on purpose. */
const OPTIONAL = /\/(\d+|enabled)\/env$/;

/**
 * Every process that sends alerts has the variables of its channels; otherwise they are lost there.
 * What is optional is needed as soon as another part of the stack sets it.
 */
export function validateChannels(spec: PartialStackSpec): Problem[] {
  const set = new Set(variablesOf(spec).map(({ name }) => name));
  const references = channelReferences(spec.alerts?.channels);
  // The alternatives of a list count together.
  const parts = Map.groupBy(references, ({ path }) => path.replace(/\/\d+\/\w+$/, ""));
  const senders = parts.size === 0 ? [] : sendersOf(spec);
  return [...parts.values()].flatMap((alternatives) => {
    if (alternatives.some(({ kind }) => kind === "secret")) return [];
    const found = alternatives.find((it) => !OPTIONAL.test(it.path) || set.has(it.key));
    if (!found) return [];
    const { path, key, channel } = found;
    return senders
      .filter(({ env }) => !alternatives.some((it) => env.has(it.key)))
      .map((sender) => ({
        path,
        message: `channel "${channel}" needs ${key}, which ${sender.path} does not have.`,
        remedy: `Set it in ${sender.path}/env${groupHint(spec, key)}.`,
      }));
  });
}

/** The supervised services, and the cron jobs that run their job themselves and have alerts. */
function sendersOf(spec: PartialStackSpec): Sender[] {
  return [
    ...entriesOf(spec.services)
      .filter(([, it]) => it.type !== "static" && isSupervised(it))
      .map(([key, it]) => ({ path: `services/${key}`, env: effectiveEnv(spec, it) })),
    ...entriesOf(spec.jobs)
      .filter(([, it]) => it.on === "render" && it.calls === undefined && it.alerts !== undefined)
      .map(([key, job]) => ({ path: `jobs/${key}`, env: cronJobEnv(spec, job) })),
  ];
}

function groupHint(spec: PartialStackSpec, variable: string): string {
  const group = entriesOf(spec.envGroups).find(([, { env }]) => env?.[variable] !== undefined);
  return group === undefined ? "" : `, or link the env group "${group[0]}" there`;
}
