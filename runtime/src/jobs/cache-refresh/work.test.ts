import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ManifestJob } from "../../contract/job.ts";
import { runJob } from "../../run/run-job.ts";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import { jobContext } from "../../../testing/job-context.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { work as refreshCaches } from "./work.ts";

/** A process with two caches of files, of which one is there. */
async function scene(options: NonNullable<ManifestJob["options"]> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "cache-refresh-"));
  writeFileSync(join(directory, "clans.json"), '[{"tag":"C1C"},{"tag":"MM"}]');
  const { process } = await scratchProcess({
    directory,
    jobs: [{ name: "caches", uses: "cache-refresh", options }],
    manifest: {
      caches: [
        { name: "clans", source: file("clans.json"), ttlSeconds: 60 },
        { name: "templates", source: file("templates.json"), ttlSeconds: 60, retrySeconds: 1 },
      ],
    },
  });
  return { process, directory };
}

test("one cache is refreshed by hand, and its telemetry names who did it", async () => {
  const { process } = await scene();

  const record = await runJob(process, {
    job: "caches",
    actor: "manual ana",
    input: { bucket: "clans" },
  });

  expect(record).toMatchObject({
    status: "ok",
    details: {
      input: { bucket: "clans" },
      caches: [
        {
          bucket: "clans",
          trigger: "manual",
          actor: "ana",
          duration: expect.any(Number),
          result: "ok",
          retries: 0,
          ttl_expired: false,
          count: 2,
          error: null,
        },
      ],
    },
  });
  expect(process.caches.get("clans")?.rows).toHaveLength(2);
});

test("of all caches the good ones are refreshed, and the bad one keeps its value and fails the run", async () => {
  const { process, directory } = await scene({ bucket: "all" });
  writeFileSync(join(directory, "templates.json"), '[{"text":"welcome"}]');
  await runJob(process, { job: "caches", actor: "schedule" });
  writeFileSync(join(directory, "templates.json"), "{");

  const record = await runJob(process, { job: "caches", actor: "schedule" });

  expect(record).toMatchObject({
    status: "failed",
    exitCode: 75,
    error: expect.stringMatching(/^1 of 2 caches keep their old value: templates \(.* retry: /),
    details: {
      caches: [
        { bucket: "clans", trigger: "cron", actor: "scheduler", result: "ok" },
        { bucket: "templates", result: "fail", retries: 1, count: 1 },
      ],
    },
  });
  expect(process.caches.get("templates")?.rows).toEqual([{ text: "welcome" }]);
});

test("a cache that there is not is refused, and those that there are are named", async () => {
  const { process } = await scene();

  const record = await runJob(process, {
    job: "caches",
    actor: "manual ana",
    input: { bucket: ["clans", "clan"] },
  });

  expect(record).toMatchObject({
    status: "failed",
    exitCode: 78,
    error: expect.stringContaining(
      'there is no cache "clan". The caches are: clans, templates, all.',
    ),
  });
});

/** An app that refreshes its own caches, and what it was asked. */
async function app(answer: TestAnswer, options: Record<string, unknown> = {}) {
  const server = await startHttpServer(() => answer);
  const context = jobContext({
    directory: "/",
    actor: "manual ana",
    env: { PORT: new URL(server.url).port, REFRESH_TOKEN: "a-token" },
    options: { path: "/caches/{bucket}/refresh", tokenEnv: "REFRESH_TOKEN", ...options },
    input: { bucket: "clans" },
  });
  return { server, context };
}

test("a cache of the app is refreshed by the app, which hears who asked for it", async () => {
  const { server, context } = await app({ body: { result: "retry_ok", retries: 1, count: 41 } });

  const { details } = await refreshCaches(context);

  const telemetry = { bucket: "clans", trigger: "manual", actor: "ana", result: "retry_ok" };
  expect(details).toMatchObject({ caches: [{ ...telemetry, retries: 1, count: 41, error: null }] });
  expect(context.lines).toMatchObject([{ level: "info", msg: "refresh", ...telemetry }]);
  const [seen] = server.seen;
  expect(seen).toMatchObject({ method: "POST", url: "/caches/clans/refresh" });
  expect(seen?.headers.authorization).toBe("Bearer a-token");
  expect(JSON.parse(seen?.body ?? "")).toEqual({
    bucket: "clans",
    trigger: "manual",
    actor: "ana",
  });
});

test("an app that cannot refresh makes the run a temporary failure with a WARN line", async () => {
  const { context } = await app({ status: 503, body: { error: "sheets are away" } });

  await expect(refreshCaches(context)).rejects.toMatchObject({
    exitCode: 75,
    message: "1 of 1 caches keep their old value: clans (sheets are away)",
  });
  expect(context.lines).toMatchObject([
    { level: "warn", result: "fail", error: "sheets are away" },
  ]);
});

test("all caches of an app are those that the options name, and no others can be asked for", async () => {
  const { server, context } = await app({}, { bucket: ["clans", "templates"] });

  await refreshCaches({ ...context, input: { bucket: "all" } });

  expect(server.seen.map(({ url }) => url)).toEqual([
    "/caches/clans/refresh",
    "/caches/templates/refresh",
  ]);
  await expect(refreshCaches({ ...context, input: { bucket: "x" } })).rejects.toThrow(
    'there is no cache "x". The caches are: clans, templates, all.',
  );
});

test("a dry run reads nothing and says what it would refresh", async () => {
  const { server, context } = await app({});

  const outcome = await refreshCaches({ ...context, dryRun: true });

  expect(outcome).toEqual({
    status: "skipped",
    details: { dryRun: true, wouldRefresh: ["clans"] },
  });
  expect(server.seen).toEqual([]);
});

function file(path: string) {
  return { kind: "file" as const, path };
}
