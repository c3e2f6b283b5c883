import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UsageError } from "../../infra/errors.ts";
import { OPS_TOKEN } from "../../infra/model/defaults.ts";
import { localAddresses } from "../verify/reach.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** The service of the sample, and its jobs: by hand, and those that the clock starts. */
const SERVICE = "web";
const BY_HAND = "forget-visits";
const ON_SCHEDULE = ["heartbeat", "report"];

/** The jobs run each minute, and a first run may come a minute late after a start on a busy machine. */
const FIRST_RUNS_LIMIT_MS = 150_000;

/** A page that was live at the end of an up answers at once; one that is started again within seconds. */
const LIVE_LIMIT_MS = 60_000;

/** Between two looks at what has run. */
const LOOK_MS = 1000;

/** Where the sample is, and what opens its ops paths. */
export interface LiveSample {
  readonly url: string;
  readonly token: string;
}

const Services = z.object({ [SERVICE]: z.object({ id: z.string(), url: z.string() }) });

const Runs = z.object({
  runs: z.array(z.looseObject({ job: z.string(), status: z.string(), startedAt: z.string() })),
});

/** Where the sample is found on this machine, and with what, as the local cloud tells it. */
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

/** Shows what a newcomer should see: the page, a job by hand, and jobs by the clock. */
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
    `\nJobs by the clock, each minute: ${ON_SCHEDULE.join(" and ")}. Waiting for their first runs.`,
  );
  const runs = await firstRuns(sample, since);
  for (const job of ON_SCHEDULE) {
    const run = runs.get(job);
    say(run ? `  ${JSON.stringify(run)}` : `  ${job}: no run yet. Look at ${url}/ops/jobs later.`);
  }
}

/** What was live before is started again with the cloud, which takes a moment. */
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

/** Starts the job and waits for its record. */
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
 * The newest good run of each job on a schedule since then, or what there is of them at the limit.
 * A run of the last start does not count: verify, which comes next, finds it too old.
 */
async function firstRuns(sample: LiveSample, since: Date): Promise<ReadonlyMap<string, unknown>> {
  const deadlineMs = performance.now() + FIRST_RUNS_LIMIT_MS;
  const path = `/ops/runs?status=ok&since=${since.toISOString()}`;
  for (;;) {
    const { runs } = Runs.parse(await (await ask(sample, path, {})).json());
    // The newest comes first, so of each job the last one that is put in is the oldest.
    const found = new Map(runs.toReversed().map((run) => [run.job, run]));
    if (ON_SCHEDULE.every((it) => found.has(it)) || performance.now() > deadlineMs) return found;
    await sleep(LOOK_MS);
  }
}

function ask({ url, token }: LiveSample, path: string, init: RequestInit): Promise<Response> {
  return fetch(new URL(path, url), { ...init, headers: { authorization: `Bearer ${token}` } });
}
