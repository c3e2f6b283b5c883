import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startHttpServer } from "../../testing/http-server.ts";
import { listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { FAILED } from "../../testing/scratch-event.ts";
import { scratchManifest } from "../../testing/scratch-process.ts";
import { ChannelError } from "../alerts/channels/channel.ts";
import type { ManifestStores } from "../contract/store.ts";

const MAIN = join(import.meta.dirname, "..", "main.ts");

const CHANNELS = [
  { name: "ops", kind: "webhook", urlEnv: "WEBHOOK_URL" },
  { name: "chat", kind: "telegram", tokenEnv: "TELEGRAM_BOT_TOKEN", chatEnv: "CHAT" },
];

async function type(
  env: Record<string, string>,
  stores: ManifestStores = {},
): Promise<{ code: unknown; output: string }> {
  const path = join(scratchDirectory(), "manifest.json");
  const alerts = { channels: CHANNELS };
  writeFileSync(path, JSON.stringify({ ...scratchManifest({ jobs: [] }), alerts, stores }));
  const child = spawn(process.execPath, [MAIN, "alert-test", "--by", "ada"], {
    env: { PATH: process.env["PATH"], OPSPEC_MANIFEST: path, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  const [code] = await once(child, "close");
  return { code, output };
}

const resultsOf = (output: string): unknown[] =>
  output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("alert-test sends through every channel and fails when one of them does", async () => {
  const server = await startHttpServer(({ url }) =>
    url.startsWith("/bot") ? { status: 401, body: { ok: false, description: "Unauthorized" } } : {},
  );
  const { code, output } = await type({
    WEBHOOK_URL: `${server.url}/hook`,
    TELEGRAM_BOT_TOKEN: "1:canary-token",
    TELEGRAM_BASE_URL: server.url,
    CHAT: "-1",
  });

  expect(code).toBe(1);
  expect(resultsOf(output)).toEqual([
    { name: "ops", kind: "webhook", result: "sent", why: null },
    { name: "chat", kind: "telegram", result: "error", why: "HTTP 401: Unauthorized" },
  ]);
  const sent = server.seen.find((it) => it.url === "/hook");
  expect(JSON.parse(sent?.body ?? "{}")).toMatchObject({
    kind: "test",
    title: "shop: a test of the alerts by ada",
  });
});

test("a channel that is not set up is told and is no failure; none at all is one", async () => {
  const server = await startHttpServer(() => ({}));

  const one = await type({ WEBHOOK_URL: server.url });
  const none = await type({});

  expect([one.code, none.code]).toEqual([0, 78]);
  expect(resultsOf(one.output)).toMatchObject([{ result: "sent" }, { result: "skipped" }]);
});

test("a channel that takes the test of alert-test is sent the alerts that it held", async () => {
  const server = await startHttpServer(() => ({}));
  const directory = scratchDirectory();
  const stores: ManifestStores = {
    records: { kind: "sqlite", path: join(directory, "runs.db") },
  };
  const refusing = listChannel("ops", () => {
    throw new ChannelError("HTTP 401: bad key");
  });
  const { alerts } = scratchAlerts([refusing], { directory, manifest: { stores } });
  await alerts.send(FAILED);
  await alerts.close(0);

  const { code, output } = await type({ WEBHOOK_URL: server.url }, stores);

  expect(code).toBe(0);
  expect(resultsOf(output)).toMatchObject([{ result: "sent" }, { result: "skipped" }]);
  const kinds = server.seen.map(({ body }) => JSON.parse(body ?? "{}").kind);
  expect(kinds).toEqual(["test", "fail"]);
});

test("alert-test sends through every channel while the state store cannot be opened", async () => {
  const server = await startHttpServer(() => ({}));
  const path = join(scratchDirectory(), "a-file");
  writeFileSync(path, "no directory");
  const stores: ManifestStores = { records: { kind: "sqlite", path: join(path, "runs.db") } };

  const { code, output } = await type({ WEBHOOK_URL: server.url }, stores);

  expect([code, server.seen.length]).toEqual([0, 1]);
  expect(resultsOf(output)).toMatchObject([{ result: "sent" }, { result: "skipped" }]);
});
