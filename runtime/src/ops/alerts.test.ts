import { readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchOps } from "../../testing/scratch-ops.ts";

const SILENCE = "alerts_silenced.json";

async function scene() {
  const jobs = [
    { name: "flush", uses: "command", command: "true", silencedBy: SILENCE },
    { name: "other", command: "true" },
  ];
  const channels = [{ name: "ops", kind: "webhook" as const, urlEnv: "HOOK_URL" }];
  const stores = { records: { kind: "sqlite" as const, path: "state.db" } };
  return scratchOps({ jobs, manifest: { alerts: { channels }, stores } });
}

const post = (json: unknown) => ({ method: "POST", json });

test("alerts are silenced for minutes with a reason, told with who did it, and heard again", async () => {
  const ops = await scene();
  const file = join(ops.directory, SILENCE);

  const added = await ops.ask(
    "/ops/alerts/silence",
    post({ minutes: 30, reason: "deploy", actor: "manual ada" }),
  );
  const { body } = await ops.ask("/ops/alerts");
  const written: unknown = JSON.parse(readFileSync(file, "utf8"));
  const ended = await ops.ask("/ops/alerts/silence", { method: "DELETE" });

  expect(added.status).toBe(201);
  expect(added.body).toMatchObject({ reason: "deploy", by: "manual ada", match: null });
  expect(body).toMatchObject({
    silences: [{ reason: "deploy", by: "manual ada" }],
    recent: [],
    channels: [{ name: "ops", kind: "webhook", isReady: false }],
  });
  expect(written).toMatchObject({ reason: "deploy", silenced_until: expect.any(Number) });
  expect(ended.body).toEqual({ ended: 1 });
  expect(existsSync(file)).toBe(false);
  expect((await ops.ask("/ops/alerts")).body["silences"]).toEqual([]);
});

test("a silence is between one minute and four hours, and one that is not there is not ended", async () => {
  const ops = await scene();

  for (const minutes of [0, 241, -1, "30"]) {
    expect((await ops.ask("/ops/alerts/silence", post({ minutes }))).status).toBe(400);
  }
  const none = await ops.ask("/ops/alerts/silence/nothing", { method: "DELETE" });
  expect(none.status).toBe(404);
});

test("a test goes through every channel and tells what came of each", async () => {
  const ops = await scene();

  const { body } = await ops.ask("/ops/alerts/test", post({ actor: "manual ada" }));

  expect(body["channels"]).toEqual([
    { name: "ops", kind: "webhook", result: "skipped", why: null },
  ]);
});

test("a test of one channel names it, and an unknown channel is a 404", async () => {
  const ops = await scene();

  const one = await ops.ask("/ops/alerts/test", post({ channel: "ops" }));
  const none = await ops.ask("/ops/alerts/test", post({ channel: "opps" }));

  expect(one.body["channels"]).toMatchObject([{ name: "ops", result: "skipped" }]);
  expect([none.status, none.body["error"]]).toEqual([404, 'there is no channel "opps"']);
});

test("without a job that flushes alerts there is nothing to send again", async () => {
  const ops = await scene();

  const { status, body } = await ops.ask("/ops/alerts/resend", post({}));

  expect([status, body["error"]]).toEqual([404, "there is no alerts job; there are: none"]);
});
