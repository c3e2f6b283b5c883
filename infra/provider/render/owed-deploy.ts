import type { Json } from "./answer.ts";
import { deleteText, type Target, putText, ENV_VARS } from "./keyed-values.ts";
import { MARKER_KEY } from "./marker.ts";

/**
 * The environment variables by which a service remembers that a deploy is owed to it: one for its
 * own changes, one for those of its late variables.
 *
 * A killed run can save nothing, and a refresh then takes what it wrote for deployed. The service
 * itself is the one place that the next run reads from any machine. The variable is there from
 * before the first write until the deploy is live, so the deploy that it names carries it along.
 */
const OWED_KEYS = {
  service: "OPSPEC_DEPLOY_OWED",
  late: "OPSPEC_LATE_DEPLOY_OWED",
} as const;

/** Variables of a service that are this plugin's and nobody's to declare. */
const PLUGIN_KEYS: ReadonlySet<string> = new Set([MARKER_KEY, ...Object.values(OWED_KEYS)]);

type Writer = keyof typeof OWED_KEYS;

/** Notes the deploy before `write`, and takes the note away when that, its deploy included, is done. */
export async function owingDeploy(
  place: Target,
  writer: Writer,
  write: () => Promise<void>,
): Promise<void> {
  await putText(ENV_VARS, place, { key: OWED_KEYS[writer], value: "1" });
  await write();
  await forgetOwedDeploy(place, writer);
}

/** Takes the note away; none is as good. */
export async function forgetOwedDeploy(place: Target, writer: Writer): Promise<void> {
  await deleteText(ENV_VARS, place, OWED_KEYS[writer]);
}

/** Was a run ended after it wrote and before its deploy was live? */
export function isDeployOwed(variables: { readonly [key: string]: unknown }, by: Writer): boolean {
  return OWED_KEYS[by] in variables;
}

/** The variables without those of this plugin. */
export function withoutPluginKeys<T extends Json | undefined>(variables: {
  readonly [key: string]: T;
}): { readonly [key: string]: T } {
  return Object.fromEntries(Object.entries(variables).filter(([key]) => !PLUGIN_KEYS.has(key)));
}
