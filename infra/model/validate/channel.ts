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

/** A variable that enables the channel, or one of several alternatives. It may be missing on purpose. */
const OPTIONAL = /\/(\d+|enabled)\/env$/;

/**
 * Requires the variables of the channels in every process that sends alerts; without them alerts
 * are lost. An optional variable is required once another part of the stack sets it.
 */
export function validateChannels(spec: PartialStackSpec): Problem[] {
  const set = new Set(variablesOf(spec).map(({ name }) => name));
  const references = channelReferences(spec.alerts?.channels);
  // One variable of a list of alternatives is sufficient.
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
