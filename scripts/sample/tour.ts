import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UsageError } from "../../infra/errors.ts";
import { OPS_TOKEN } from "@opspec/runtime/contract";
import { localAddresses } from "../verify/reach.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** The sample's service, its manual job and its scheduled jobs. */
const SERVICE = "web";
const BY_HAND = "forget-visits";
const ON_SCHEDULE = ["heartbeat", "report"];

/** The jobs run every minute; on a busy machine the first run may be a minute late. */
const FIRST_RUNS_LIMIT_MS = 150_000;

/** A page that up just deployed answers at once; a restarted one answers within seconds. */
const LIVE_LIMIT_MS = 60_000;

/** Poll interval for new run records. */
const LOOK_MS = 1000;

/** Address and ops token of the sample. */
export interface LiveSample {
  readonly url: string;
  readonly token: string;
}

const Services = z.object({ [SERVICE]: z.object({ id: z.string(), url: z.string() }) });

const Runs = z.object({
  runs: z.array(z.looseObject({ job: z.string(), status: z.string(), startedAt: z.string() })),
});

/** Reads the sample's address and token from the local cloud. */
export async function findSample({
  stack,
  renderHost,
  renderApiKey,
}: Workspace): Promise<LiveSample> {
  const services = Services.parse((await stack.outputs())["services"]?.value);
  const { id, url } = services[SERVICE];
  const addresses = await localAddresses(renderHost);
  const variable = await fetch(`${renderHost}/services/${id}/env-vars/${OPS_TOKEN}`, {
    headers: { authorization: `Bearer ${renderApiKey ?? ""}` },
  });
  const { value } = z.object({ value: z.string() }).parse(await variable.json());
  return { url: addresses[new URL(url).origin] ?? url, token: value };
}

/** Shows the page, runs a job by hand, and waits for the scheduled jobs. */
export async function showSample(sample: LiveSample, say: (line: string) => void): Promise<void> {
  const { url, token } = sample;
  const since = new Date();
  await untilLive(sample);
  say(`\nThe sample is live: ${url}/`);
  say(`Its console: ${url}/ops  (log in with ${token})`);
  say("\nIts jobs and their last and next runs, as JSON:");
  say(`  curl -H "Authorization: Bearer ${token}" ${url}/ops/jobs`);
  say(`\nA job by hand: ${BY_HAND}`);
  say(`  curl -X POST -H "Authorization: Bearer ${token}" ${url}/ops/jobs/${BY_HAND}/run`);
  say(`  ${JSON.stringify(await runByHand(sample))}`);
  say(
    `\nScheduled jobs, every minute: ${ON_SCHEDULE.join(" and ")}. Waiting for their first runs.`,
  );
  const runs = await firstRuns(sample, since);
  for (const job of ON_SCHEDULE) {
    const run = runs.get(job);
    say(run ? `  ${JSON.stringify(run)}` : `  ${job}: no run yet. See ${url}/ops/jobs later.`);
  }
}

/** Services that ran before are restarted with the cloud, which takes a moment. */
async function untilLive(sample: LiveSample): Promise<void> {
  const deadlineMs = performance.now() + LIVE_LIMIT_MS;
  const isLive = (): Promise<boolean> =>
    ask(sample, "/", {}).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isLive())) {
    if (performance.now() > deadlineMs) {
      throw new UsageError(
        `sample: ${sample.url} does not answer. Delete .opspec/local, then try again.`,
      );
    }
    await sleep(LOOK_MS / 10);
  }
}

/** Starts the job and waits for its run record. */
async function runByHand(sample: LiveSample): Promise<unknown> {
  const path = `/ops/jobs/${BY_HAND}/run`;
  const started = await ask(sample, path, { method: "POST", body: '{"actor":"manual npm start"}' });
  const deadlineMs = performance.now() + FIRST_RUNS_LIMIT_MS;
  let answer = started;
  while (answer.status === 202 && performance.now() < deadlineMs) {
    await sleep(LOOK_MS / 10);
    answer = await ask(sample, started.headers.get("location") ?? "", {});
  }
  return answer.json();
}

/**
 * Waits for the newest successful run of each scheduled job since then, or until the limit. Runs
 * before the last start do not count, because verify would find them too old.
 */
async function firstRuns(sample: LiveSample, since: Date): Promise<ReadonlyMap<string, unknown>> {
  const deadlineMs = performance.now() + FIRST_RUNS_LIMIT_MS;
  const path = `/ops/runs?status=ok&since=${since.toISOString()}`;
  for (;;) {
    const { runs } = Runs.parse(await (await ask(sample, path, {})).json());
    // Records are newest first, so the first one of each job is the newest.
    const found = new Map(runs.toReversed().map((run) => [run.job, run]));
    if (ON_SCHEDULE.every((it) => found.has(it)) || performance.now() > deadlineMs) return found;
    await sleep(LOOK_MS);
  }
}

function ask({ url, token }: LiveSample, path: string, init: RequestInit): Promise<Response> {
  return fetch(new URL(path, url), { ...init, headers: { authorization: `Bearer ${token}` } });
}
