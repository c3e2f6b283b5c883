import { constants } from "node:fs";
import { access, lstat, realpath } from "node:fs/promises";
import { missedSlot, stuckRun } from "../alerts/lateness.ts";
import type { RuleState } from "../alerts/rules.ts";
import { bindSchedule } from "../contract/bindings.ts";
import { namedVariables, valueOf } from "../contract/env.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { stateDatabase } from "../contract/store.ts";
import type { CheckResult } from "../health/check.ts";
import { json } from "../http.ts";
import { type Ops, type OpsContext, type OpsRoute, readChange } from "./api.ts";
import type { ProcessContext, ProcessServices, ProcessStores } from "../run/process.ts";
import type { RunProcess } from "../run/run.ts";
import { channelWords } from "../alerts/alerts.ts";
import type { CacheSnapshot } from "../sources/cache.ts";
import { describeDuration } from "../schedule/schedule-words.ts";
import { type Schedule, describeSchedule, nextRuns } from "../schedule/schedule.ts";
import { type PersistedPath, persistedPaths } from "../supervise/links.ts";

/** All checks in one list, which runbooks call smoke tests and verification. */
export const checkRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/checks",
    answer: async (c) => json(200, await checkEverything(c.var.ops)),
  },
  { method: "POST", path: "/ops/checks/run", answer: runChecks },
  { method: "GET", path: "/ops/verify", answer: verify },
];

/** Runs all checks now, instead of reporting the results of the background checks. */
async function runChecks(c: OpsContext): Promise<Response> {
  await readChange(c, {});
  const { ops } = c.var;
  await Promise.all([ops.health?.probe(), ops.process.toggles.reload()]);
  return json(200, await checkEverything(ops));
}

async function verify({ var: { ops } }: OpsContext): Promise<Response> {
  const { overall, items } = await checkEverything(ops);
  const gitSha = ops.process.commit ?? "unknown";
  return json(200, { ok: overall !== "FAIL", git_sha: gitSha, overall, items });
}

/** The result of one check. */
interface Item {
  readonly name: string;
  /** `CHECK`: needs attention, but nothing is broken. `FAIL`: something does not work. */
  readonly result: "OK" | "CHECK" | "FAIL";
  /** The finding, without secrets. */
  readonly detail: string;
}

const ok = (name: string, detail: string): Item => ({ name, result: "OK", detail });
const attention = (name: string, detail: string): Item => ({ name, result: "CHECK", detail });
const failure = (name: string, detail: string): Item => ({ name, result: "FAIL", detail });

export type CheckReport = Awaited<ReturnType<typeof checkEverything>>;

/**
 * Checks everything in one list, which runbooks call smoke tests. The overall result is the worst.
 *
 * It queries the stores and the disk. For health it reports the last results.
 */
export async function checkEverything({ process, health, rules, startedAt }: Ops) {
  const scheduled = process.manifest.jobs.map((job) => scheduleOf(process, job));
  const groups: Readonly<Record<string, readonly Item[] | Promise<readonly Item[]>>> = {
    health: (health?.results() ?? []).map(healthItem),
    files: fileItems(process),
    toggles: toggleItems(process),
    stores: storeItems(process),
    schedules: scheduled.flatMap(({ item }) => item ?? []),
    jobs: jobItems(process, scheduled, new Date(startedAt)).catch(() => []),
    caches: process.caches.snapshots().map(cacheItem),
    variables: variableItems(process),
    rules: rules().map(ruleItem),
    channels: channelItems(process),
    alerts: silenceItems(process),
  };
  const all = Object.entries(groups).map(async ([group, found]) =>
    (await found).map((it) => ({ group, ...it })),
  );
  const items = (await Promise.all(all)).flat();
  const worst = (["FAIL", "CHECK"] as const).find((it) => items.some((one) => one.result === it));
  return { overall: worst ?? "OK", items };
}

/** A failed check names what it measured in its error. */
function healthItem({ name, critical, kind, state, error, value, probeKind }: CheckResult): Item {
  if (state === "ok") {
    const measured = value === undefined ? "" : `: ${measuredWords(probeKind, value)}`;
    return ok(name, `ok${measured}`);
  }
  const isFailure = critical && kind !== "info" && state !== "unknown";
  return isFailure ? failure(name, error ?? state) : attention(name, error ?? state);
}

function measuredWords(probeKind: CheckResult["probeKind"], value: number): string {
  if (probeKind === "disk") return `${value.toLocaleString("en")} MB free`;
  if (probeKind === "queue") return value === 1 ? "1 entry" : `${value} entries`;
  if (probeKind === "clock") return `${value} ms apart`;
  return probeKind === undefined ? String(value) : `${describeDuration(value)} ago`;
}

/** Checks that the disk exists and is writable, and that each persisted path of the app leads to it. */
async function fileItems({ manifest, directory }: ProcessContext): Promise<Item[]> {
  const { disk } = manifest;
  if (!disk) return [];
  const paths = persistedPaths(manifest, directory);
  return Promise.all([
    fileItem(disk.mount, writeProblem(disk.mount), "the disk is there and can be written"),
    ...paths.map((it) => fileItem(it.path, linkProblem(it), `is on the disk at ${it.target}`)),
  ]);
}

type Problem = Promise<string | undefined>;

async function fileItem(name: string, finding: Problem, detail: string): Promise<Item> {
  const problem = await finding;
  return problem === undefined ? ok(name, detail) : failure(name, problem);
}

async function linkProblem(persisted: PersistedPath): Problem {
  const { link, target, isMarker, kind } = persisted;
  const found = await lstat(link).catch(() => undefined);
  const [leadsTo, isAt] = await Promise.all(
    [link, target].map((path) => realpath(path).catch(() => undefined)),
  );
  if (isAt !== undefined && leadsTo === isAt) return writeProblem(isAt);
  if (isAt !== undefined) {
    return found === undefined ? "the link to the disk is missing" : "does not lead to the disk";
  }
  // A file that was not written yet is not a problem; its link exists before it.
  if (!isMarker && kind === "directory") return "the directory is not on the disk";
  return found === undefined || found.isSymbolicLink() ? undefined : "is not on the disk";
}

async function writeProblem(path: string): Problem {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => undefined,
    () => "cannot be read and written",
  );
}

/** A marker file is created during an incident, so it is worth attention. Other toggles are off on purpose. */
async function toggleItems(process: ProcessContext & ProcessServices): Promise<Item[]> {
  const { toggles, manifest } = process;
  const declared = manifest.toggles ?? [];
  await Promise.all(declared.map(({ name }) => toggles.isOn(name)));
  const markers = declared.flatMap((it) => (it.reader.kind === "marker" ? it.name : []));
  return toggles.all().map(({ name, on, reason: detail, isInTrouble }) => {
    const isOk = !isInTrouble && (on || !markers.includes(name));
    return isOk ? ok(name, detail) : attention(name, detail);
  });
}

async function storeItems({
  records,
  coordination,
  manifest: { stores = {} },
}: ProcessContext & ProcessStores): Promise<Item[]> {
  const kind = stateDatabase(stores)?.kind ?? "memory";
  const locks = coordination?.holderOf("opspec/ops-check");
  return Promise.all([
    storeItem("records", kind, records.unfinished()),
    ...(locks ? [storeItem("locks", stores.coordination?.kind ?? "none", locks)] : []),
  ]);
}

/** A store in memory is rarely intended. */
async function storeItem(name: string, kind: string, answer: Promise<unknown>): Promise<Item> {
  const isKept = kind !== "memory";
  return answer.then(
    () =>
      isKept ? ok(name, kind) : attention(name, "kept in memory only: a restart forgets all runs"),
    () => failure(name, `the ${kind} does not answer`),
  );
}

/** The schedule of a job in this environment; no item for a job without one. */
interface Scheduled {
  readonly schedule?: Schedule;
  readonly item?: Item;
}

function scheduleOf({ env, clock }: ProcessContext, job: ManifestJob): Scheduled {
  const { name, schedule: declared } = job;
  if (!declared) return {};
  try {
    const schedule = bindSchedule({ name, schedule: declared }, env);
    const now = clock.now();
    const words = describeSchedule(schedule, now);
    const [next] = nextRuns(schedule, now, 1);
    const isStartOnly = schedule.pattern === undefined && schedule.everySeconds === undefined;
    const detail = next ? `${words}; next at ${next.toISOString()}` : words;
    const isDue = next !== undefined || isStartOnly;
    return { schedule, item: isDue ? ok(name, detail) : attention(name, `${words}; never due`) };
  } catch (error) {
    return { item: failure(name, error instanceof Error ? error.message : "it cannot be read") };
  }
}

/** Checks that the last run of each job was in time and succeeded. */
async function jobItems(
  { records, manifest, clock }: RunProcess,
  scheduled: readonly Scheduled[],
  since: Date,
): Promise<Item[]> {
  const names = manifest.jobs.map(({ name }) => name);
  const [started, newest, slots] = await Promise.all([
    records.unfinished(),
    records.latest({ jobs: names }),
    records.latest({ jobs: names, tookSlot: true }),
  ]);
  const unfinished = Map.groupBy(started, ({ job }) => job);
  const now = clock.now();
  return manifest.jobs.map((job, at) => {
    const { name } = job;
    const runs = { last: slots.get(name), unfinished: unfinished.get(name) ?? [] };
    const stuck = stuckRun(job, runs, now);
    if (stuck) return failure(name, `does not end since ${stuck.startedAt}`);
    // A separate cron job is late by its own records; for a job that calls start, the caller keeps the time.
    const schedule = scheduled[at]?.schedule;
    const late = schedule && missedSlot(job, schedule, { runs, since, now });
    if (late) return failure(name, `did not run at ${late.toISOString()}`);
    return lastRunItem(name, newest.get(name));
  });
}

function lastRunItem(name: string, last: RunRecord | undefined): Item {
  if (!last) return attention(name, "never ran");
  const when = `${last.status} at ${last.startedAt}`;
  if (last.status === "ok" || last.status === "skipped") return ok(name, when);
  return failure(name, last.error === null ? when : `${when}: ${last.error}`);
}

function cacheItem(cache: CacheSnapshot): Item {
  const { name, result, error, lastRefreshAt, ttlExpired } = cache;
  if (result === "fail") return failure(name, error ?? "failed");
  if (lastRefreshAt === null) return attention(name, "never refreshed");
  const when = `refreshed at ${lastRefreshAt}`;
  return ttlExpired ? attention(name, when) : ok(name, when);
}

/** Fields that name an optional variable, which overrides a default. */
const OPTIONAL_FIELD = /^(baseUrl|check|disconnect|enabled|failClosed|stall|\w+Fallback)Env$/;

/** Reports only whether variables are set, never their values. */
function variableItems({ manifest, env }: ProcessContext): Item[] {
  const needed = [...namedVariables(manifest)].flatMap(([name, fields]) =>
    [...fields].some((field) => !OPTIONAL_FIELD.test(field)) ? [name] : [],
  );
  return needed.toSorted().map((name) => {
    const isSet = valueOf(env, name) !== undefined;
    return isSet ? ok(name, "SET") : attention(name, "MISSING");
  });
}

/** A rule that cannot read its source watches nothing. */
function ruleItem({ name, error, reasons }: RuleState): Item {
  if (error !== undefined) return failure(name, `its source cannot be read: ${error}`);
  return reasons.length === 0 ? ok(name, "ok") : attention(name, reasons.join("; "));
}

/** A channel whose variable is not set sends nothing. This is not a failure, but worth attention. */
async function channelItems({ alerts }: ProcessServices): Promise<Item[]> {
  const channels = await alerts.channels();
  if (channels.length === 0) return [attention("alerts", "no channel: nobody receives alerts")];
  return channels.map((it) => {
    const result = it.failures > 0 ? "FAIL" : it.isReady ? "OK" : "CHECK";
    return { name: it.name, result, detail: channelWords(it) };
  });
}

/** The silences that are in force. */
async function silenceItems({ alerts }: ProcessServices): Promise<Item[]> {
  const name = "silence";
  const silences = await alerts.silences.list();
  if (silences.length === 0) return [ok(name, "none")];
  return silences.map(({ until, by, reason, match }) => {
    const why = reason === "" ? "" : `: ${reason}`;
    return attention(name, `${match ?? "all"} silenced until ${until} by ${by}${why}`);
  });
}
