import type { RunProcess } from "../../run/run.ts";
import * as z from "zod/mini";
import type { ManifestToggle } from "../../contract/source.ts";
import { json, readJson, HttpError } from "../../http.ts";
import type { ToggleState } from "../../sources/toggles/toggles.ts";
import { Actor, actorOf, logChange } from "../api.ts";
import type { OpsContext, OpsRoute } from "../api.ts";
import { type LastChange, lastChange, noteToggleChange, toggleChanges } from "../toggle-changes.ts";
import { isSwitchable, turnToggle } from "../toggle-switch.ts";

const SwitchBody = z.strictObject({ on: z.boolean(), actor: z.optional(Actor) });

/** The switches that operators turn while the system runs. */
export const toggleRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/toggles", answer: listToggles },
  { method: "POST", path: "/ops/toggles/:name", answer: switchToggle },
];

/** A toggle as operators look at it. */
interface ToggleView extends ToggleState, LastChange {
  /** Whether it can be switched from here. */
  readonly canSwitch: boolean;
}

async function listToggles({
  var: {
    ops: { process },
  },
}: OpsContext): Promise<Response> {
  const toggles = process.manifest.toggles ?? [];
  await Promise.all(toggles.map(({ name }) => process.toggles.isOn(name)));
  return json(200, { toggles: await viewToggles(process) });
}

async function switchToggle(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const toggle = toggleNamed(process.manifest.toggles ?? [], c.req.param("name"));
  const { on, actor: said } = await readJson(c, SwitchBody);
  if (!isSwitchable(toggle)) {
    const kind = toggle.reader.kind;
    throw new HttpError(409, `"${toggle.name}" is read from ${PLACES[kind]}: switch it there`);
  }
  const actor = actorOf(c, said);
  const change = { on, by: actor, at: process.clock.now().toISOString() };
  await turnToggle(process, toggle, change);
  await noteToggleChange(process, toggle.name, change);
  logChange(c, { actor, did: "switch a toggle", toggle: toggle.name, on });
  await process.toggles.reload();
  const views = await viewToggles(process);
  return json(
    200,
    views.find(({ name }) => name === toggle.name),
  );
}

/** Where toggles stand that are not switched from here. */
const PLACES = {
  env: "an environment variable",
  sql: "a database",
  table: "a table",
  marker: "a file",
  redis: "a Redis",
} as const;

async function viewToggles(process: RunProcess): Promise<ToggleView[]> {
  const changes = await toggleChanges(process);
  const states = new Map(process.toggles.all().map((state) => [state.name, state]));
  const views = (process.manifest.toggles ?? []).map(async (toggle): Promise<ToggleView[]> => {
    const state = states.get(toggle.name);
    if (!state) return [];
    const change = changes[toggle.name];
    const last = await lastChange(process, toggle, { change, on: state.on });
    return [{ ...state, ...last, canSwitch: isSwitchable(toggle) }];
  });
  return (await Promise.all(views)).flat();
}

function toggleNamed(toggles: readonly ManifestToggle[], name: string | undefined): ManifestToggle {
  const toggle = toggles.find((it) => it.name === name);
  if (toggle) return toggle;
  const known = toggles.map((it) => it.name).join(", ") || "none";
  throw new HttpError(404, `there is no toggle "${name}"; there are: ${known}`);
}
