import { expect, test } from "vitest";
import { startHttpServer } from "../../testing/http-server.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { runJob } from "./run-job.ts";

test.each([
  ["exit 0", ""],
  ["exit 3", "/3"],
  ["sleep 300", "/fail"],
])(
  "a run of %s pings its start, and then its end at %s with the same rid",
  async (command, suffix) => {
    const server = await startHttpServer(() => ({ status: 200 }));
    const { process } = await scratchProcess({
      jobs: [{ name: "trim", command, pingEnv: "PING_URL", deadlineSeconds: 1 }],
      env: { PING_URL: `${server.url}/check` },
    });

    const { runId } = await runJob(process, { job: "trim", actor: "schedule" });
    await Promise.all(process.background);

    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST /check/start?rid=${runId}`,
      `POST /check${suffix}?rid=${runId}`,
    ]);
  },
);

test.each([
  ["?create=1", "?create=1&rid="],
  ["/?create=1#a", "?create=1&rid="],
  ["?a=b%20c&flag", "?a=b%20c&flag&rid="],
])("the exit code of a ping URL that ends with %s goes into its path", async (end, query) => {
  const server = await startHttpServer(() => ({ status: 200 }));
  const { process } = await scratchProcess({
    jobs: [{ name: "trim", command: "exit 7", pingEnv: "PING_URL" }],
    env: { PING_URL: `${server.url}/check/slug${end}` },
  });

  const { runId } = await runJob(process, { job: "trim", actor: "schedule" });
  await Promise.all(process.background);

  expect(server.seen.map(({ url }) => url)).toEqual([
    `/check/slug/start${query}${runId}`,
    `/check/slug/7${query}${runId}`,
  ]);
});

test("a ping that hangs or is refused neither blocks a run nor fails it", async () => {
  const hanging = await startHttpServer(() => "hang");
  const { process } = await scratchProcess({
    jobs: [{ name: "trim", command: "true", pingEnv: "PING_URL" }],
    env: { PING_URL: hanging.url },
  });

  const record = await runJob(process, { job: "trim", actor: "schedule" });

  expect(record.status).toBe("ok");
  expect(process.background.size).toBe(2);
});

test("a ping's answer in the range of 400 is not asked for again", async () => {
  const server = await startHttpServer(() => ({ status: 404 }));
  const { process } = await scratchProcess({
    jobs: [{ name: "trim", command: "true", pingEnv: "PING_URL" }],
    env: { PING_URL: server.url },
  });

  await runJob(process, { job: "trim", actor: "schedule" });
  await Promise.all(process.background);

  expect(server.seen).toHaveLength(2);
});
