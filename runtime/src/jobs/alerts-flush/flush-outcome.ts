import { EXIT } from "../../contract/exit-code.ts";
import { JobFailure, type JobOutcome } from "../definition.ts";
import type { Delivered } from "../mail.ts";

/** What became of the alerts at each channel; `no_change` where it has these alerts already. */
export type Deliveries = Readonly<Record<string, Delivered | { readonly status: "no_change" }>>;

/**
 * How the run ends.
 *
 * `sent` when a channel accepted, also where another failed: the next run tries that one again. A
 * failure when none accepted and one failed. `no_change` when a channel has these alerts already
 * and no other wants them, and `skipped` when none is set up.
 *
 * @param known what is told of the alerts whatever came of them
 */
export function flushOutcome(
  known: Readonly<Record<string, unknown>>,
  deliveries: Deliveries,
): JobOutcome {
  const states = new Set(Object.values(deliveries).map(({ status }) => status));
  const details = { ...known, ...channelDetails(deliveries) };
  if (states.has("ok")) return { status: "ok", details: { result: "sent", ...details } };
  if (states.has("error")) {
    throw new JobFailure(`no channel accepted the alerts. ${problems(deliveries)}`, {
      exitCode: EXIT.temporary,
      details: { result: "error", ...details },
    });
  }
  if (states.has("no_change"))
    return { status: "ok", details: { result: "no_change", ...details } };
  return { status: "skipped", details: { result: "skipped", ...details } };
}

/** The state of each channel by its name, and why it is not well. */
function channelDetails(deliveries: Deliveries): Record<string, unknown> {
  const all = Object.entries(deliveries);
  const whys = all.flatMap(([channel, it]) => ("why" in it ? [[channel, it.why] as const] : []));
  return {
    ...Object.fromEntries(all.map(([channel, { status }]) => [channel, status])),
    ...(whys.length > 0 ? { why: Object.fromEntries(whys) } : {}),
  };
}

function problems(deliveries: Deliveries): string {
  return Object.entries(deliveries)
    .flatMap(([channel, it]) => (it.status === "error" ? [`${channel}: ${it.why}.`] : []))
    .join(" ");
}
