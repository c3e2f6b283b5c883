import { MANIFEST_FILE, RuntimeManifest } from "@opspec/runtime/contract";
import { expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";

const alertsOf = (alerts: string, env = "{}") => {
  const model = modelOf(`
secrets: { HOOK: {}, BOT: {}, CHAT: {}, MAIL_KEY: {}, SMTP: {}, PASS: {}, DSN: {} }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: docker
    start: node a.js
    plan: starter
    supervise: true
    env: ${env}
alerts:
${alerts}
`);
  const [web] = model.services;
  const text = web?.secretFiles.find((it) => it.name === MANIFEST_FILE)?.content ?? "{}";
  return RuntimeManifest.parse(JSON.parse(text)).alerts;
};

test("each channel names variables of the process, and adds those that it lacks", () => {
  const alerts = alertsOf(
    `
  channels:
    chat: { slack: { secret: HOOK }, mentions: [here, U0123] }
    crash: { sentry: { secret: DSN } }
    discord-bot: { discord: { token: { secret: BOT }, channel: { env: LOG_CHANNEL_ID } } }
    discord-hook: { discord: { secret: HOOK } }
    mail:
      sendgrid:
        key: { secret: MAIL_KEY }
        from: [{ env: ALERTS_EMAIL_FROM }, { env: DIGEST_EMAIL_FROM }]
        to: { env: ALERTS_EMAIL_TO }
    post: { smtp: { url: { secret: SMTP }, password: { secret: PASS }, tls: starttls, from: { env: FROM }, to: { env: TO } } }
    telegram:
      telegram: { token: { secret: BOT }, chat: [{ secret: CHAT }, { env: TELEGRAM_CHAT_ID }] }
      enabled: { env: TELEGRAM_ALERTS_ENABLED }
      mentions: ["@oncall"]`,
    "{ LOG_CHANNEL_ID: c, ALERTS_EMAIL_TO: a@example.com, FROM: b@example.com, TO: c@example.com, TELEGRAM_BOT_TOKEN: { secret: BOT }, TELEGRAM_ALERT_CHAT_ID: { secret: CHAT } }",
  );

  expect(alerts?.channels).toEqual([
    { name: "chat", kind: "slack", urlEnv: "OPSPEC_SECRET_HOOK", mentions: ["here", "U0123"] },
    { name: "crash", kind: "sentry", dsnEnv: "OPSPEC_SECRET_DSN" },
    {
      name: "discord-bot",
      kind: "discord-bot",
      tokenEnv: "TELEGRAM_BOT_TOKEN",
      channelEnv: "LOG_CHANNEL_ID",
      baseUrlEnv: "DISCORD_BASE_URL",
    },
    { name: "discord-hook", kind: "discord", urlEnv: "OPSPEC_SECRET_HOOK" },
    {
      name: "mail",
      kind: "sendgrid",
      keyEnv: "OPSPEC_SECRET_MAIL_KEY",
      baseUrlEnv: "SENDGRID_BASE_URL",
      fromEnv: "ALERTS_EMAIL_FROM",
      fromFallbackEnv: "DIGEST_EMAIL_FROM",
      toEnv: "ALERTS_EMAIL_TO",
    },
    {
      name: "post",
      kind: "smtp",
      urlEnv: "OPSPEC_SECRET_SMTP",
      passEnv: "OPSPEC_SECRET_PASS",
      tls: "starttls",
      fromEnv: "FROM",
      toEnv: "TO",
    },
    {
      name: "telegram",
      kind: "telegram",
      enabledEnv: "TELEGRAM_ALERTS_ENABLED",
      tokenEnv: "TELEGRAM_BOT_TOKEN",
      chatEnv: "TELEGRAM_ALERT_CHAT_ID",
      chatFallbackEnv: "TELEGRAM_CHAT_ID",
      baseUrlEnv: "TELEGRAM_BASE_URL",
      mentions: ["@oncall"],
    },
  ]);
});

test("how channels are spared is told in seconds", () => {
  const alerts = alertsOf(`
  channels: { ops: { webhook: { secret: HOOK } } }
  group: 30s
  dedupe: 15m
  repeat: 4h
  limit: 1m`);

  expect(alerts).toMatchObject({
    groupSeconds: 30,
    dedupeSeconds: 900,
    repeatSeconds: 14_400,
    limitSeconds: 60,
  });
});

test("a service that supervises an app tells of its end, without any job", () => {
  expect(alertsOf("  channels: { ops: { webhook: { secret: HOOK } } }")?.channels).toHaveLength(1);
});

test.for([
  ["smtp: { from: { env: A }, to: { env: B } }", /should have url or host/],
  ["slack: { secret: HOOK }, mentions: ['@all']", /should be here, channel, everyone/],
  [
    "telegram: { token: { secret: BOT }, chat: { env: C } }, mentions: [ada]",
    /a name such as @oncall/,
  ],
  ["webhook: { secret: HOOK }, mentions: [here]", /mentions/],
  ["pager: { secret: HOOK }", /pager|webhook/],
] as const)("%s is refused", ([channel, problem]) => {
  expect(() => alertsOf(`  channels: { ops: { ${channel} } }`)).toThrow(problem);
});
