import { expect, test } from "vitest";
import type { AlertEvent } from "../alert-event.ts";
import { createLogger } from "../log/logger.ts";
import { startHttpServer, type TestAnswer } from "../testing/http-server.ts";
import { alertSink, openAlerts } from "./alerts.ts";
import type { DeliveryLimits } from "./post-json.ts";
import { webhookChannel } from "./webhook.ts";

const EVENT: AlertEvent = {
  key: "shop/digest/fail",
  kind: "fail",
  system: "shop",
  stack: "shop",
  process: "web",
  job: "digest",
  title: "shop: digest failed: no data",
  details: { attempt: 3 },
  at: "2026-11-22T10:00:00.000Z",
};

const QUICK: DeliveryLimits = { timeoutMs: 2000, attempts: 3, backoffMs: 1, waitMsMax: 5000 };

async function sendTo(answer: () => TestAnswer, limits = QUICK) {
  const server = await startHttpServer(answer);
  const lines: string[] = [];
  const log = createLogger({
    manifest: undefined,
    env: {},
    name: "alerts",
    write: (line) => lines.push(line),
  });
  const env = { WEBHOOK_URL: `${server.url}/hook?token=s3cret-hook` };
  const channel = webhookChannel(
    { name: "ops", kind: "webhook", urlEnv: "WEBHOOK_URL" },
    env,
    limits,
  );
  const delivery = await alertSink([channel], log).send(EVENT);
  return { delivery, seen: server.seen, log: lines.join("") };
}

test("an alert is posted as JSON", async () => {
  const { delivery, seen } = await sendTo(() => ({ status: 204 }));

  expect(delivery).toBe("sent");
  expect(seen.map(({ method, headers }) => [method, headers["content-type"]])).toEqual([
    ["POST", "application/json"],
  ]);
  expect(JSON.parse(seen[0]?.body ?? "")).toEqual(EVENT);
});

test("a channel whose variable is not set is skipped, which is no failure", async () => {
  const log = createLogger({ manifest: undefined, env: {}, name: "alerts", write: () => {} });
  const channels = [{ name: "ops", kind: "webhook" as const, urlEnv: "WEBHOOK_URL" }];

  const deliveries = [
    await openAlerts({ channels }, {}, log).send(EVENT),
    await openAlerts({ channels }, { WEBHOOK_URL: "" }, log).send(EVENT),
    await openAlerts({ channels: [] }, {}, log).send(EVENT),
  ];

  expect(deliveries).toEqual(["skipped", "skipped", "skipped"]);
});

test("a refusal is an error after one try, and neither its body nor the URL is logged", async () => {
  const { delivery, seen, log } = await sendTo(() => ({
    status: 403,
    body: "the token s3cret-hook of /hook is wrong",
  }));

  expect([delivery, seen.length]).toEqual(["error", 1]);
  expect(log).toContain('"why":"HTTP 403"');
  expect(log).not.toMatch(/s3cret|hook\b|127\.0\.0\.1/);
});

test("a server that fails for a while is tried again", async () => {
  let count = 0;
  const { delivery, seen } = await sendTo(() => ({ status: (count += 1) < 3 ? 503 : 200 }));

  expect([delivery, seen.length]).toEqual(["sent", 3]);
});

test("tries are bounded", async () => {
  const { delivery, seen } = await sendTo(() => ({ status: 500 }));

  expect([delivery, seen.length]).toEqual(["error", 3]);
});

test("Retry-After is honoured", async () => {
  const at: number[] = [];
  const { delivery } = await sendTo(() => {
    at.push(performance.now());
    return at.length === 1 ? { status: 429, headers: { "retry-after": "1" } } : { status: 200 };
  });

  expect(delivery).toBe("sent");
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(950);
});

test("a server that asks for a long wait is not waited for", async () => {
  const { delivery, seen } = await sendTo(() => ({
    status: 429,
    headers: { "retry-after": "3600" },
  }));

  expect([delivery, seen.length]).toEqual(["error", 1]);
});

test("a server that never answers ends in time as an error", async () => {
  const { delivery, log } = await sendTo(() => "hang", { ...QUICK, timeoutMs: 50, attempts: 2 });

  expect(delivery).toBe("error");
  expect(log).toContain("no answer within 50 ms");
});

test("a redirect is not followed", async () => {
  const { delivery, seen } = await sendTo(() => ({ status: 302, headers: { location: "/else" } }));

  expect([delivery, seen.map((it) => it.url)]).toEqual(["error", ["/hook?token=s3cret-hook"]]);
});

test("nothing that listens, or no URL at all, is an error that says neither", async () => {
  const lines: string[] = [];
  const log = createLogger({
    manifest: undefined,
    env: {},
    name: "alerts",
    write: (line) => lines.push(line),
  });
  const send = (WEBHOOK_URL: string) =>
    alertSink(
      [
        webhookChannel(
          { name: "ops", kind: "webhook", urlEnv: "WEBHOOK_URL" },
          { WEBHOOK_URL },
          QUICK,
        ),
      ],
      log,
    ).send(EVENT);

  expect([await send("http://127.0.0.1:1/x-private"), await send("x-private")]).toEqual([
    "error",
    "error",
  ]);
  expect(lines.join("")).not.toContain("x-private");
});

test("one channel that took it is enough, and the failed one is logged by its name", async () => {
  const lines: string[] = [];
  const log = createLogger({
    manifest: undefined,
    env: {},
    name: "alerts",
    write: (line) => lines.push(line),
  });
  const failing = { name: "mail", send: () => Promise.reject(new TypeError("smtp.internal")) };

  const delivery = await alertSink([failing, { name: "chat", send: async () => "sent" }], log).send(
    EVENT,
  );

  expect(delivery).toBe("sent");
  expect(lines.join("")).toContain('"channel":"mail"');
  expect(lines.join("")).not.toContain("smtp.internal");
});

test("a secret in an alert's text does not leave the process", async () => {
  const log = createLogger({
    manifest: undefined,
    env: { API_KEY: "canary-9c1f" },
    name: "alerts",
    write: () => {},
  });
  const sent: AlertEvent[] = [];
  const channel = {
    name: "chat",
    send: async (event: AlertEvent) => {
      sent.push(event);
      return "sent" as const;
    },
  };

  await alertSink([channel], log).send({
    ...EVENT,
    title: "digest failed: key canary-9c1f refused",
    details: { error: "canary-9c1f" },
  });

  expect(JSON.stringify(sent)).not.toContain("canary-9c1f");
  expect(sent).toHaveLength(1);
});
