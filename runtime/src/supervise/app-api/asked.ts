import * as z from "zod/mini";
import { ALL_CACHES, namedCaches, refreshBounded } from "../../sources/caches/bounded-refresh.ts";
import { readJson, Refusal } from "../../ops/json-api/exchange.ts";
import type { ProcessContext, ProcessServices } from "../../run/process.ts";
import { requireKnown, unknown } from "./known-name.ts";

/** Longest name of a person, and longest reason. */
const TEXT_MAX = 100;

/** The app gets so long to read that it will be restarted, in ms. */
const ANSWER_MS = 100;

const Text = z.string().check(z.minLength(1), z.maxLength(TEXT_MAX));

/** Who asked the app, as it knows him. */
const Refresh = z.strictObject({ actor: Text });
const Restart = z.strictObject({ actor: Text, reason: z.optional(Text) });

/** What the app is answered from. */
interface Asked {
  readonly process: ProcessContext & ProcessServices;
}

/** Whether a toggle is on, and why: the same as jobs get. */
export async function readToggle({ process }: Asked, name: string): Promise<unknown> {
  requireKnown(
    "toggle",
    name,
    (process.manifest.toggles ?? []).map((it) => it.name),
  );
  return process.toggles.isOn(name);
}

/** The rows of a cache and how it came to them; without a name, the second of all caches. */
export async function readCache({ process }: Asked, name: string): Promise<unknown> {
  if (name === "") return { caches: process.caches.snapshots() };
  requireKnown(
    "cache",
    name,
    (process.manifest.caches ?? []).map((it) => it.name),
  );
  const { rows = null, snapshot } = process.caches.get(name) ?? {};
  return { rows, snapshot };
}

/** What a person asked the app for, for example in a chat; he is named in the telemetry. */
export async function refreshCache(
  { process }: Asked,
  name: string,
  request: Request,
): Promise<unknown> {
  const { caches } = process;
  const known = caches.snapshots().map((it) => it.name);
  const names = namedCaches(caches, name) ?? [];
  if (names.length === 0) throw unknown("cache", name, [...known, ALL_CACHES]);
  const { actor } = await readJson(request, Refresh);
  return refreshBounded(caches, names, { trigger: "manual", actor });
}

/** The answer comes before the app is ended, which could not read it any more. */
export async function restartApp(
  { process }: Asked,
  _name: string,
  request: Request,
): Promise<unknown> {
  const { actor, reason = "it was asked for" } = await readJson(request, Restart);
  const { app, log } = process;
  if (!app) throw new Refusal(409, "this process supervises no app");
  setTimeout(() => {
    app
      .restart(`${actor}: ${reason}`)
      .catch((error: unknown) => log.error({ err: error }, "the app did not come back"));
  }, ANSWER_MS);
  return { restarting: true };
}
