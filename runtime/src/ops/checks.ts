import * as z from "zod/mini";
import { namedVariables, valueOf } from "../contract/env.ts";
import { stateDatabase } from "../contract/store.ts";
import type { CheckResult } from "../health/check.ts";
import { json, readJson } from "../http.ts";
import { Actor, type Ops, type OpsContext, type OpsRoute } from "./api.ts";
import { type CheckItem, type CheckReport, fileItems, jobItems, reportOf } from "./check-items.ts";
import type { ProcessContext, ProcessServices, ProcessStores } from "../run/process.ts";

const RunBody = z.strictObject({ actor: z.optional(Actor) });

/** All checks in one list, which runbooks call smoke tests and verification. */
export const checkRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/checks",
    answer: async ({ var: { ops } }) => json(200, await checkEverything(ops)),
  },
  { method: "POST", path: "/ops/checks/run", answer: runChecks },
  { method: "GET", path: "/ops/verify", answer: verify },
];

/** Runs all checks now, instead of reporting the results of the background checks. */
async function runChecks(c: OpsContext): Promise<Response> {
  await readJson(c, RunBody);
  const { ops } = c.var;
  await Promise.all([ops.health?.probe(), ops.process.toggles.reload()]);
  return json(200, await checkEverything(ops));
}

async function verify({ var: { ops } }: OpsContext): Promise<Response> {
  const { overall, items } = await checkEverything(ops);
  const gitSha = ops.process.commit ?? "unknown";
  return json(200, { ok: overall !== "FAIL", git_sha: gitSha, overall, items });
}

/**
 * Checks everything in one list, which runbooks call smoke tests.
 *
 * It queries the stores and the disk. For health it reports the last results.
 */
export async function checkEverything({ process, health, startedAt }: Ops): Promise<CheckReport> {
  const groups: readonly Promise<readonly CheckItem[]>[] = [
    Promise.resolve((health?.results() ?? []).map(healthItem)),
    fileItems(process),
    toggleItems(process),
    storeItems(process),
    jobItems(process, new Date(startedAt)).catch(() => []),
    Promise.resolve(cacheItems(process)),
    Promise.resolve(variableItems(process)),
    Promise.resolve(channelItems(process)),
    silenceItems(process),
  ];
  return reportOf((await Promise.all(groups)).flat());
}

function healthItem({ name, critical, kind, state, error, value }: CheckResult): CheckItem {
  const item = { group: "health", name };
  const measured = value === undefined ? "" : ` (${value})`;
  if (state === "ok") return { ...item, result: "OK", detail: `ok${measured}` };
  const isFailure = critical && kind !== "info" && state !== "unknown";
  return { ...item, result: isFailure ? "FAIL" : "CHECK", detail: `${error ?? state}${measured}` };
}

/** A marker file is created during an incident, so it is worth attention. Other toggles are off on purpose. */
async function toggleItems({
  manifest,
  toggles,
}: ProcessContext & ProcessServices): Promise<CheckItem[]> {
  await Promise.all((manifest.toggles ?? []).map(({ name }) => toggles.isOn(name)));
  const markers = (manifest.toggles ?? []).filter(({ reader }) => reader.kind === "marker");
  return toggles.all().map(({ name, on, reason, isInTrouble }) => {
    const isMarked = !on && markers.some((it) => it.name === name);
    return {
      group: "toggles",
      name,
      result: isInTrouble || isMarked ? "CHECK" : "OK",
      detail: reason,
    };
  });
}

async function storeItems({
  records,
  coordination,
  manifest,
}: ProcessContext & ProcessStores): Promise<CheckItem[]> {
  const group = "stores";
  const kinds = manifest.stores ?? {};
  const items = [
    storeItem("records", stateDatabase(kinds)?.kind ?? "memory", () => records.unfinished()),
  ];
  if (coordination) {
    const kind = kinds.coordination?.kind ?? "none";
    items.push(storeItem("locks", kind, () => coordination.holderOf("opspec/ops-check")));
  }
  return (await Promise.all(items)).map((it) => ({ group, ...it }));
}

async function storeItem(
  name: string,
  kind: string,
  ask: () => Promise<unknown>,
): Promise<Omit<CheckItem, "group">> {
  return ask().then(
    () => ({ name, result: kind === "memory" ? "CHECK" : "OK", detail: STORE_WORDS[kind] ?? kind }),
    () => ({ name, result: "FAIL", detail: `the ${kind} does not answer` }),
  );
}

/** Details of stores that need attention: a store in memory is rarely intended. */
const STORE_WORDS: Readonly<Record<string, string>> = {
  memory: "kept in memory only: a restart forgets all runs",
};

function cacheItems({ caches }: ProcessServices): CheckItem[] {
  return caches.snapshots().map(({ name, result, error, lastRefreshAt, ttlExpired }) => {
    const item = { group: "caches", name };
    if (result === "fail") return { ...item, result: "FAIL", detail: error ?? "failed" };
    if (lastRefreshAt === null) return { ...item, result: "CHECK", detail: "never refreshed" };
    const detail = `refreshed at ${lastRefreshAt}`;
    return { ...item, result: ttlExpired ? "CHECK" : "OK", detail };
  });
}

/** Fields that name an optional variable, which overrides a default. */
const OPTIONAL_FIELDS: ReadonlySet<string> = new Set([
  "baseUrlEnv",
  "chatFallbackEnv",
  "checkEnv",
  "disconnectEnv",
  "enabledEnv",
  "failClosedEnv",
  "fromFallbackEnv",
  "stallEnv",
  "toFallbackEnv",
]);

/** Reports only whether variables are set, never their values. */
function variableItems({ manifest, env }: ProcessContext): CheckItem[] {
  const needed = [...namedVariables(manifest)].filter(([, fields]) =>
    [...fields].some((field) => !OPTIONAL_FIELDS.has(field)),
  );
  const names = needed.map(([name]) => name).toSorted();
  return names.map((name) => {
    const isSet = valueOf(env, name) !== undefined;
    return {
      group: "variables",
      name,
      result: isSet ? "OK" : "CHECK",
      detail: isSet ? "SET" : "MISSING",
    };
  });
}

/** A channel whose variable is not set sends nothing. This is not a failure, but worth attention. */
function channelItems({ alerts }: ProcessServices): CheckItem[] {
  const group = "channels";
  const channels = alerts.channels();
  if (channels.length === 0) {
    const detail = "no channel: nobody receives alerts";
    return [{ group, name: "alerts", result: "CHECK", detail }];
  }
  return channels.map(({ name, kind, isReady }) => {
    if (isReady) return { group, name, result: "OK", detail: `${kind} is set up` };
    return { group, name, result: "CHECK", detail: `${kind} is skipped: a variable is not set` };
  });
}

/** The silences that are in force. */
async function silenceItems({ alerts }: ProcessServices): Promise<CheckItem[]> {
  const group = "alerts";
  const silences = await alerts.silences.list();
  if (silences.length === 0) return [{ group, name: "silence", result: "OK", detail: "none" }];
  return silences.map(({ until, by, reason, match }) => {
    const about = match === null ? "all" : match;
    const detail = `${about} silenced until ${until} by ${by}${reason === "" ? "" : `: ${reason}`}`;
    return { group, name: "silence", result: "CHECK", detail };
  });
}
