import { expect, test } from "vitest";
import type { RunRecord } from "../contract/run-record.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { openOps } from "./app.ts";

const TOKENS = { OPSPEC_OPS_TOKEN: "ops-secret", OPSPEC_CALL_TOKEN: "call-secret" };
const JOBS = [
  {
    name: "digest",
    command: "true",
    schedule: { pattern: "0 20 * * 1-5", timezone: "Europe/Vienna" },
    toggles: ["digests"],
  },
  { name: "trim", command: "true", startedBy: "call" },
  { name: "slow", command: "sleep 30", startedBy: "call" },
  { name: "sync", startedBy: "app" },
  { name: "purge", startedBy: "elsewhere" },
] as const;
const TOGGLES = {
  toggles: [{ name: "digests", reader: { kind: "env", name: "DIGESTS" } }],
} as const;

async function scene(env: Record<string, string> = TOKENS) {
  const clock = { now: () => new Date("2026-03-27T12:00:00.000Z") };
  const manifest = { toggles: [...TOGGLES.toggles] };
  const { process } = await scratchProcess({
    jobs: JOBS.map((job) => ({ ...job, toggles: "toggles" in job ? [...job.toggles] : undefined })),
    manifest,
    env: { DIGESTS: "on", ...env },
    clock,
  });
  const { fetch } = openOps(process);
  const ask = async (path: string, init: RequestInit & { token?: string } = {}) => {
    const { token = "ops-secret", ...rest } = init;
    const headers = { authorization: `Bearer ${token}`, ...rest.headers };
    const answer = await fetch(new Request(`http://localhost/ops${path}`, { ...rest, headers }));
    const body: Record<string, unknown> = JSON.parse(await answer.text());
    return { status: answer.status, headers: answer.headers, body };
  };
  const start = (job: string, body: unknown, token?: string) =>
    ask(`/jobs/${job}/run`, {
      method: "POST",
      body: JSON.stringify(body),
      ...(token ? { token } : {}),
    });
  const ended = async (runId: unknown, token?: string): Promise<RunRecord> => {
    let record: unknown;
    await expect
      .poll(
        async () => {
          const answer = await ask(`/runs/${String(runId)}`, token ? { token } : {});
          record = answer.body;
          return answer.status;
        },
        { timeout: 30_000 },
      )
      .toBe(200);
    return record as RunRecord;
  };
  return { ask, start, ended, process };
}

test("without a token set there is nothing under /ops, in production too", async () => {
  const { ask } = await scene({});

  expect((await ask("/version", { token: "" })).status).toBe(404);
  expect((await ask("/jobs/trim/run", { method: "POST" })).status).toBe(404);
});

test("a missing or wrong token is a 401, and an empty one opens nothing", async () => {
  const { ask } = await scene();

  for (const token of ["", "wrong", "ops-secret2"]) {
    expect((await ask("/jobs", { token })).status).toBe(401);
  }
  const header = await ask("/version", {
    token: "",
    headers: { authorization: "", "x-ops-token": "ops-secret" },
  });
  expect(header.status).toBe(200);
});

test("nobody keeps an answer of /ops, errors included", async () => {
  const { ask, start } = await scene();
  const answers = [
    await ask("/version"),
    await ask("/version", { token: "wrong" }),
    await ask("/nothing"),
    await ask("/jobs", { method: "DELETE" }),
    await start("trim", { actor: "\n" }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 405, 400]);
  for (const { headers } of answers) expect(headers.get("cache-control")).toContain("no-store");
});

test("each job is told with its last record, its toggles and its next runs in local time and UTC", async () => {
  const { ask, start, ended } = await scene();
  await ended((await start("digest", { actor: "manual ada" })).body["runId"]);

  const { body } = await ask("/jobs");

  const [digest, trim] = body["jobs"] as Record<string, unknown>[];
  expect(digest).toMatchObject({
    name: "digest",
    startedBy: "schedule",
    timezone: "Europe/Vienna",
    last: { status: "ok", actor: "manual ada" },
    toggles: [{ name: "digests", on: true }],
    running: [],
  });
  expect(digest?.["next"]).toEqual([
    { local: "2026-03-27 20:00:00 GMT+01:00", utc: "2026-03-27T19:00:00.000Z" },
    { local: "2026-03-30 20:00:00 GMT+02:00", utc: "2026-03-30T18:00:00.000Z" },
    { local: "2026-03-31 20:00:00 GMT+02:00", utc: "2026-03-31T18:00:00.000Z" },
  ]);
  expect(trim).toMatchObject({ name: "trim", last: null, next: [] });
});

test("a run that is started is told as running until its record is there, and says who", async () => {
  const { start, ended, ask } = await scene();

  const started = await start("trim", { actor: "manual ada" });

  expect(started.status).toBe(202);
  const record = await ended(started.body["runId"]);
  expect(record).toMatchObject({ job: "trim", status: "ok", actor: "manual ada" });
  const { body } = await ask("/runs?job=trim&limit=1");
  expect(body["runs"]).toMatchObject([{ runId: record.runId }]);
});

test("asking again with the id of a run starts no second one", async () => {
  const { start, ended, ask } = await scene();
  const runId = crypto.randomUUID();

  const answers = await Promise.all([1, 2].map(() => start("trim", { actor: "call", runId })));
  await ended(runId);
  const again = await start("trim", { actor: "call", runId });

  expect(answers.map(({ body }) => body["runId"])).toEqual([runId, runId]);
  expect(again.status).toBe(200);
  expect((await ask("/runs?job=trim")).body["runs"]).toHaveLength(1);
});

test("a dry run is answered and in no store", async () => {
  const { start, ended, ask } = await scene();

  const record = await ended((await start("trim", { dryRun: true })).body["runId"]);

  expect(record.details).toMatchObject({ dryRun: true });
  expect((await ask("/runs")).body["runs"]).toEqual([]);
});

test("the token for calls starts jobs that calls start, reads runs, and opens nothing else", async () => {
  const { start, ended, ask } = await scene();
  const token = "call-secret";

  const { body } = await start("trim", { actor: "call" }, token);

  expect((await ended(body["runId"], token)).actor).toBe("call");
  expect((await start("digest", {}, token)).status).toBe(403);
  for (const path of ["/jobs", "/runs", "/version", "/toggles", "/jobs/trim"]) {
    expect((await ask(path, { token })).status).toBe(403);
  }
});

test("a job that is not there is named with those that are, and one that others run is not started", async () => {
  const { start, ask } = await scene();

  expect((await ask("/jobs/nothing")).body["error"]).toBe(
    'there is no job "nothing"; there are: digest, trim, slow, sync, purge',
  );
  expect((await start("sync", {})).status).toBe(409);
  expect((await start("purge", {})).status).toBe(409);
  expect((await ask("/runs/8d2f1fd2-0000-4000-8000-000000000000")).status).toBe(404);
  expect((await ask("/runs?limit=100000")).status).toBe(400);
});

test("a body that is too long or no JSON is refused", async () => {
  const { ask } = await scene();
  const send = (body: string) => ask("/jobs/trim/run", { method: "POST", body });

  expect((await send("{")).body["error"]).toBe("the body is not JSON");
  expect((await send(`{"actor":"manual ${"x".repeat(70_000)}"}`)).status).toBe(413);
  expect((await send('{"actor":"root"}')).body["error"]).toContain("manual <who>");
});

test("a body of any nesting is refused or taken, and never an error of ours", async () => {
  const { ask } = await scene();
  const send = (value: string) =>
    ask("/jobs/trim/run", { method: "POST", body: `{"input":{"deep":${value}}}` });

  for (const [open, close, depth] of [
    ["[", "]", 20_000],
    ["[", "]", 30_000],
    ["[", "]", 101],
    ['{"a":', "1}", 8000],
  ] as const) {
    const value = `${open.repeat(depth)}${close.slice(0, -1)}${close.slice(-1).repeat(depth)}`;
    const { status, body } = await send(value);
    expect([status, body["error"]]).toEqual([400, "the body is nested deeper than 100 levels"]);
  }
  expect((await send("[".repeat(50) + "]".repeat(50))).body["error"]).not.toContain("nested");
});

test("a process that ends starts no run, and its runs end as interrupted", async () => {
  const { start, process, ended } = await scene();
  const { body } = await start("slow", {});
  await expect.poll(() => process.active.size).toBe(1);

  process.stop.abort();

  expect((await ended(body["runId"])).status).toBe("interrupted");
  expect((await start("trim", {})).status).toBe(503);
});

test("version and toggles are told", async () => {
  const { ask } = await scene();
  await ask("/jobs");

  expect((await ask("/version")).body).toMatchObject({ stack: "shop", process: "web" });
  expect((await ask("/toggles")).body["toggles"]).toMatchObject([{ name: "digests", on: true }]);
});
