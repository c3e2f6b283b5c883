import { expect, test } from "vitest";
import { startHttpServer } from "../../testing/http-server.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { PATIENCE_MS, startSupervised } from "../../testing/supervised.ts";
import { EXIT } from "../contract/exit-code.ts";
import type { EndedApp } from "./app.ts";
import { openAppReports } from "./app-end.ts";

const GRACE = { graceSeconds: 10 };

const ENDED: EndedApp = {
  startedAt: new Date("2026-11-22T10:00:00Z"),
  endedAt: new Date("2026-11-22T10:00:05Z"),
  exitCode: 3,
  signal: null,
  why: "ended with 3",
  wasForced: false,
  tail: "no config",
  willRestart: true,
};

async function scene() {
  const { process, alerts } = await scratchProcess({ jobs: [] });
  const reports = openAppReports(process, { wellMs: 20 });
  const settled = () => Promise.all(process.background);
  return { process, alerts, reports, settled };
}

test("the app is well again when it has been up for a while, once for each of its alerts", async () => {
  const { alerts, reports, settled } = await scene();
  reports.ended(ENDED);
  await settled();
  reports.up(true);
  reports.up(false);
  reports.ended({
    ...ENDED,
    willRestart: false,
    whyEnded: "restart limit reached: 5 within 300 s",
  });
  await settled();
  const before = alerts.map(({ key, title }) => [key, title]);

  reports.up(true);
  await expect.poll(() => alerts.length).toBe(4);
  reports.up(true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await settled();

  expect(before).toEqual([
    ["shop/web/app", "shop: the app of web ended (ended with 3); it starts again"],
    [
      "shop/web/app-over",
      "shop: the app of web ended (ended with 3); it does not start again: restart limit reached: 5 within 300 s",
    ],
  ]);
  expect(alerts.slice(2).map(({ key, kind, title }) => [key, kind, title])).toEqual([
    ["shop/web/app", "resolved", "shop: the app of web is well again"],
    ["shop/web/app-over", "resolved", "shop: the app of web is well again"],
  ]);
});

test("an app that was never ill is not reported as well again", async () => {
  const { alerts, reports } = await scene();

  reports.up(true);
  await new Promise((resolve) => setTimeout(resolve, 60));

  expect(alerts).toEqual([]);
});

test("an app that does not listen is one alert, until it has been up for a while", async () => {
  const { alerts, reports, settled } = await scene();

  reports.late("web did not listen on $PORT (41047) within 120 s");
  await settled();
  reports.up(true);

  await expect.poll(() => alerts.length).toBe(2);
  expect(alerts.map(({ key, kind, title }) => [key, kind, title])).toEqual([
    ["shop/web/app-start", "fail", "shop: web did not listen on $PORT (41047) within 120 s"],
    ["shop/web/app-start", "resolved", "shop: the app of web is well again"],
  ]);
});

/** A supervisor whose alerts go to a server. */
async function alerting(manifest: object) {
  const server = await startHttpServer(() => ({ status: 204 }));
  const runtime = await startSupervised({
    argv: ["exit 3"],
    manifest: {
      alerts: { channels: [{ name: "ops", kind: "webhook", urlEnv: "HOOK" }], limitSeconds: 1 },
      ...manifest,
    },
    env: { HOOK: server.url },
  });
  const { code } = await runtime.exited;
  const said = server.seen.map(({ body }) => body).join("\n");
  return { code, said };
}

test(
  "a process at its restart limit says so before it exits, although its restarts were alerts too",
  { timeout: PATIENCE_MS },
  async () => {
    const restart = { policy: "on-failure", max: 1, windowSeconds: 300 };
    const { code, said } = await alerting({ app: { ...GRACE, restart } });

    expect(code).toBe(3);
    expect(said).toContain("it starts again");
    expect(said).toContain("restart limit reached: 1 within 300 s");
  },
);

test("an app that was not started is an alert", { timeout: PATIENCE_MS }, async () => {
  const seed = { file: "shop.db", from: "absent.db" };
  const { code, said } = await alerting({
    app: { ...GRACE, refusedStart: "exit", seed },
  });

  expect(code).toBe(EXIT.configuration);
  expect(said).toContain("the app of web was not started: ");
  expect(said).toContain("absent.db");
});
