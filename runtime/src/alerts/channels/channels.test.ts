import { expect, test } from "vitest";
import { AlertChannel } from "../../contract/alert.ts";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import { FAILED } from "../../../testing/scratch-event.ts";
import { messageOf } from "../alert-message.ts";
import type { DeliveryLimits } from "./channel.ts";
import { openChannels } from "./channels.ts";

const QUICK: DeliveryLimits = { timeoutMs: 3000, attempts: 3, backoffMs: 1, waitMsMax: 5000 };

const SECRET = "s3cret-of-the-channel";

/** Every kind that speaks HTTP, with variables that let it reach a server of the test. */
const KINDS: Readonly<
  Record<string, { channel: object; env: (url: string) => Record<string, string>; ok: TestAnswer }>
> = {
  webhook: {
    channel: { kind: "webhook", urlEnv: "URL" },
    env: (url) => ({ URL: `${url}/hook/${SECRET}` }),
    ok: { status: 204 },
  },
  sendgrid: {
    channel: { kind: "sendgrid", fromEnv: "FROM", toEnv: "TO" },
    env: (url) => ({
      SENDGRID_API_KEY: SECRET,
      SENDGRID_BASE_URL: url,
      FROM: "a@x.com",
      TO: "b@x.com",
    }),
    ok: { status: 202 },
  },
  telegram: {
    channel: { kind: "telegram", tokenEnv: "TOKEN", chatEnv: "CHAT" },
    env: (url) => ({ TOKEN: SECRET, CHAT: "-1", TELEGRAM_BASE_URL: url }),
    ok: { body: { ok: true } },
  },
  slack: {
    channel: { kind: "slack", urlEnv: "URL" },
    env: (url) => ({ URL: `${url}/services/${SECRET}` }),
    ok: { body: "ok" },
  },
  discord: {
    channel: { kind: "discord", urlEnv: "URL" },
    env: (url) => ({ URL: `${url}/api/webhooks/1/${SECRET}` }),
    ok: { status: 204 },
  },
  "discord-bot": {
    channel: { kind: "discord-bot", tokenEnv: "TOKEN", channelEnv: "CHANNEL" },
    env: (url) => ({ TOKEN: SECRET, CHANNEL: "7", DISCORD_BASE_URL: url }),
    ok: { body: { id: "1" } },
  },
  sentry: {
    channel: { kind: "sentry", dsnEnv: "DSN" },
    env: (url) => ({ DSN: `${url.replace("://", `://${SECRET}@`)}/42` }),
    ok: { body: { id: "1" } },
  },
};

const NAMES = Object.keys(KINDS);

async function scene(kind: string, answer: (count: number) => TestAnswer, limits = QUICK) {
  let count = 0;
  const server = await startHttpServer(() => answer((count += 1)));
  const { channel, env } = KINDS[kind] ?? { channel: {}, env: () => ({}) };
  const [opened] = openChannels(
    [AlertChannel.parse({ name: "ops", ...channel })],
    env(server.url),
    limits,
  );
  const send = async (): Promise<string> => {
    const sending = opened?.send(messageOf(FAILED), new AbortController().signal);
    return (await sending?.catch((error: unknown) => String(error))) ?? "not opened";
  };
  return { send, seen: server.seen };
}

test.for(NAMES)("%s: an alert is sent once to a server that takes it", async (kind) => {
  const { send, seen } = await scene(kind, () => KINDS[kind]?.ok ?? {});

  expect(await send()).toBe("sent");
  expect(seen.map((it) => it.method)).toEqual(["POST"]);
});

test.for(NAMES)("%s: a server that fails for a while is tried again, a few times", async (kind) => {
  const ok = KINDS[kind]?.ok ?? {};
  const weak = await scene(kind, (count) => (count < 3 ? { status: 503, body: "busy" } : ok));
  const broken = await scene(kind, () => ({ status: 500, body: "<html>oops</html>" }));

  expect([await weak.send(), weak.seen.length]).toEqual(["sent", 3]);
  expect(await broken.send()).toContain("ChannelError: HTTP 500");
  expect(broken.seen).toHaveLength(3);
});

test.for(NAMES)("%s: a refusal is told without the secret, after one try", async (kind) => {
  const body = { message: SECRET, description: SECRET, errors: [{ message: SECRET }], ok: false };
  const { send, seen } = await scene(kind, () => ({ status: 403, body }));

  const said = await send();

  expect(said).toContain("HTTP 403");
  expect(said).not.toMatch(/s3cret|127\.0\.0\.1/);
  expect(seen).toHaveLength(1);
});

test.for(NAMES)("%s: Retry-After is waited for, and a long one is left to others", async (kind) => {
  const at: number[] = [];
  const wait = await scene(kind, () => {
    at.push(performance.now());
    const busy = { status: 429, headers: { "retry-after": "1" }, body: { ok: false } };
    return at.length === 1 ? busy : (KINDS[kind]?.ok ?? {});
  });
  const long = await scene(kind, () => ({
    status: 429,
    headers: { "retry-after": "3600" },
    body: { ok: false },
  }));

  expect(await wait.send()).toBe("sent");
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(950);
  expect([await long.send(), long.seen.length]).toEqual([expect.stringContaining("HTTP 429"), 1]);
});

test.for(["telegram", "discord", "discord-bot"])(
  "%s: a wait that the answer asks for is waited for",
  async (kind) => {
    const at: number[] = [];
    const { send } = await scene(kind, () => {
      at.push(performance.now());
      const body = { ok: false, parameters: { retry_after: 1 }, retry_after: 1, global: false };
      return at.length === 1 ? { status: 429, body } : (KINDS[kind]?.ok ?? {});
    });

    expect(await send()).toBe("sent");
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(950);
  },
);

test.for(NAMES)("%s: a server that hangs is given up in time", async (kind) => {
  const { send } = await scene(kind, () => "hang", { ...QUICK, timeoutMs: 50, attempts: 2 });

  expect(await send()).toContain("no answer within 50 ms");
});

test.for(NAMES)("%s: a redirect is not followed", async (kind) => {
  const { send, seen } = await scene(kind, () => ({ status: 302, headers: { location: "/else" } }));

  expect(await send()).toContain("HTTP 302");
  expect(seen).toHaveLength(1);
});

test.for(NAMES)("%s: nothing that listens is an error that says no address", async (kind) => {
  const { channel, env } = KINDS[kind] ?? { channel: {}, env: () => ({}) };
  const [opened] = openChannels(
    [AlertChannel.parse({ name: "ops", ...channel })],
    env("http://127.0.0.1:2"),
    QUICK,
  );

  const said = await opened?.send(messageOf(FAILED), new AbortController().signal).catch(String);

  expect(said).toBe("ChannelError: the connection failed: connection refused");
});

test.for(NAMES)(
  "%s: without one of its variables it is skipped, which is no failure",
  async (kind) => {
    const { channel, env } = KINDS[kind] ?? { channel: {}, env: () => ({}) };
    const parsed = AlertChannel.parse({ name: "ops", ...channel });
    const whole = env("http://127.0.0.1:1");
    const needed = Object.keys(whole).filter((name) => !name.endsWith("BASE_URL"));

    for (const name of needed) {
      const [opened] = openChannels([parsed], { ...whole, [name]: "" }, QUICK);
      expect(opened?.isReady(), name).toBe(false);
      expect(await opened?.send(messageOf(FAILED), new AbortController().signal)).toBe("skipped");
    }
  },
);

test("a switch that is not on, or not set, skips the channel", async () => {
  const channel = AlertChannel.parse({
    name: "ops",
    kind: "webhook",
    urlEnv: "URL",
    enabledEnv: "TELEGRAM_ALERTS_ENABLED",
  });
  const isReady = (value: string | undefined) =>
    openChannels([channel], {
      URL: "http://x.example",
      TELEGRAM_ALERTS_ENABLED: value,
    })[0]?.isReady();

  expect(["true", "1", "on", "false", "0", "maybe", undefined].map(isReady)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

test("what is no URL is refused by its variable's name", async () => {
  const channel = AlertChannel.parse({ name: "ops", kind: "slack", urlEnv: "SLACK_URL" });
  const [opened] = openChannels([channel], { SLACK_URL: SECRET }, QUICK);

  await expect(opened?.send(messageOf(FAILED), new AbortController().signal)).rejects.toThrow(
    /^SLACK_URL is not a URL$/,
  );
});
