import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startHttpServer } from "../../testing/http-server.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { scratchManifest } from "../../testing/scratch-process.ts";

const MAIN = join(import.meta.dirname, "..", "main.ts");

const CHANNELS = [
  { name: "ops", kind: "webhook", urlEnv: "WEBHOOK_URL" },
  { name: "chat", kind: "telegram", tokenEnv: "TELEGRAM_BOT_TOKEN", chatEnv: "CHAT" },
];

async function type(env: Record<string, string>): Promise<{ code: unknown; output: string }> {
  const path = join(scratchDirectory(), "manifest.json");
  const alerts = { channels: CHANNELS };
  writeFileSync(path, JSON.stringify({ ...scratchManifest({ jobs: [] }), alerts }));
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
