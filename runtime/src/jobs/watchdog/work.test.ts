import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runJob } from "../../run/run-job.ts";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import { jobContext } from "../../../testing/job-context.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { work as watchUrls } from "./work.ts";

const LONG_UP = { now: () => new Date(), uptimeSeconds: () => 86_400 };

/** A watchdog of a server whose answer the test changes, and a restart that leaves a line in a file. */
async function scene(options: Record<string, unknown> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "watchdog-"));
  const answer: { now: TestAnswer } = { now: { status: 503 } };
  const server = await startHttpServer(() => answer.now);
  const restarts = join(directory, "restarts");
  const context = jobContext({
    directory,
    job: "dog",
    childEnv: process.env,
    options: { url: `${server.url}/healthz?token=x`, restart: `echo x >> ${restarts}`, ...options },
  });
  const count = () => (existsSync(restarts) ? readFileSync(restarts, "utf8").length / 2 : 0);
  const look = () => watchUrls(context, LONG_UP).catch((error: unknown) => error);
  return { answer, context, count, directory, look };
}

test("it restarts at the second failure in a row and says why, without the query of the page", async () => {
  const { look, count, context } = await scene({ debug: ["echo the state of the containers"] });

  const first = await look();
  const before = count();
  const second = await look();

  expect(String(first)).toMatch(
    /127\.0\.0\.1:\d+\/healthz answered with HTTP 503 \(failure 1 of 2: no restart yet\)$/,
  );
  expect(before).toBe(0);
  expect(count()).toBe(1);
  expect(second).toMatchObject({ details: { restarted: true, failures: 0 } });
  expect(context.lines.map(({ msg }) => msg)).toEqual([
    "debug dump before the restart",
    "the state of the containers",
    "the watchdog restarts",
  ]);
});

test("a good look clears the count, so that failures with a success between them restart nothing", async () => {
  const { answer, look, count } = await scene();

  await look();
  answer.now = { status: 200 };
  await look();
  answer.now = "hang";
  const last = await look();

  expect(count()).toBe(0);
  expect(String(last)).toContain("did not answer: timed out");
});

test.each(["", "two", '{"failures":-3}', '{"failures":"9","restartedAt":null}'])(
  "a state file that holds %o counts as no failure",
  async (garbage) => {
    const { directory, look, count } = await scene();
    writeFileSync(join(directory, "watchdog-dog.json"), garbage);

    await look();

    expect(count()).toBe(0);
    const state: unknown = JSON.parse(readFileSync(join(directory, "watchdog-dog.json"), "utf8"));
    expect(state).toEqual({ failures: 1, restartedAt: null });
  },
);

test("a restart that outlasts the run's deadline is not made again by the next runs", async () => {
  const directory = mkdtempSync(join(tmpdir(), "watchdog-"));
  const server = await startHttpServer(() => ({ status: 503 }));
  const restart = `echo x >> ${join(directory, "restarts")}; sleep 600`;
  const options = { url: server.url, restart, failures: 1, bootGraceSeconds: 0 };
  const { process } = await scratchProcess({
    directory,
    jobs: [{ name: "dog", uses: "watchdog", deadlineSeconds: 2, graceSeconds: 1, options }],
  });

  const records = [
    await runJob(process, { job: "dog", actor: "schedule" }),
    await runJob(process, { job: "dog", actor: "schedule" }),
  ];

  expect(records.map(({ status }) => status)).toEqual(["timed-out", "failed"]);
  expect(records[1]?.error).toContain("restarted before; no other one for");
  expect(readFileSync(join(directory, "restarts"), "utf8")).toBe("x\n");
});

test("without a command it restarts the app of its process, and without one it is refused", async () => {
  const { context } = await scene({ restart: undefined, failures: 1 });
  const reasons: string[] = [];
  const app = {
    stop: async () => undefined,
    start: async () => undefined,
    check: async () => undefined,
    restart: async (reason: string) => void reasons.push(reason),
  };

  await watchUrls({ ...context, app }, LONG_UP).catch(() => undefined);

  expect(reasons).toEqual(["watchdog dog: 1 failure(s) in a row"]);
  await expect(watchUrls(context, LONG_UP)).rejects.toThrow(
    "jobs/dog/options/restart: is missing.",
  );
});

test("a dry run changes no state and says that it would restart", async () => {
  const { context, count, directory } = await scene({ failures: 1 });

  const outcome = await watchUrls({ ...context, dryRun: true }, LONG_UP);

  expect(outcome).toMatchObject({ status: "skipped", details: { wouldRestart: true } });
  expect(count()).toBe(0);
  expect(existsSync(join(directory, "watchdog-dog.json"))).toBe(false);
});
