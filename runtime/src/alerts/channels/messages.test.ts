import { expect, test } from "vitest";
import type { AlertEvent } from "../../contract/alert-event.ts";
import { AlertChannel } from "../../contract/alert.ts";
import { startMailServer } from "../../../testing/mail-server.ts";
import { startHttpServer } from "../../../testing/http-server.ts";
import { FAILED, RECOVERED } from "../../../testing/scratch-event.ts";
import { type AlertMessage, messageOf } from "../alert-message.ts";
import { openChannels } from "./channels.ts";

/** What could call people or mean something else than it says. */
const EVIL =
  "@everyone @here <!channel> <@U123> <@&42> @oncall [x](http://evil) **b** *b* _i_ `c` <b>b</b> & ~s~ > # \\";

const EVIL_EVENT: AlertEvent = { ...FAILED, title: EVIL, details: { error: EVIL } };

const DIGEST: AlertMessage = {
  items: Array.from({ length: 30 }, (_, number) => ({
    event: { ...FAILED, key: `k${number}`, title: `job ${number} failed` },
    count: number === 0 ? 3 : 1,
  })),
  more: 468,
};

/** What a server of the test was sent by a channel. */
async function sent(channel: object, message: AlertMessage): Promise<Record<string, unknown>> {
  const server = await startHttpServer(() => ({ body: { ok: true } }));
  const env = {
    URL: `${server.url}/hook`,
    TOKEN: "1:abc",
    CHAT: "-100",
    CHANNEL: "7",
    DSN: `${server.url.replace("://", "://public@")}/path/42`,
    TELEGRAM_BASE_URL: server.url,
    DISCORD_BASE_URL: server.url,
  };
  const [opened] = openChannels([AlertChannel.parse({ name: "ops", ...channel })], env);
  await opened?.send(message, new AbortController().signal);
  const [request] = server.seen;
  const body = request?.body ?? "";
  return {
    url: request?.url,
    headers: request?.headers,
    ...(JSON.parse(body.split("\n").at(-2) ?? body) as object),
  };
}

const TELEGRAM = { kind: "telegram", tokenEnv: "TOKEN", chatEnv: "CHAT" };
const SLACK = { kind: "slack", urlEnv: "URL" };
const DISCORD = { kind: "discord", urlEnv: "URL" };

test("a webhook gets the alert itself, and several as a digest that counts all of them", async () => {
  const one = await sent({ kind: "webhook", urlEnv: "URL" }, messageOf(FAILED));
  const many = await sent({ kind: "webhook", urlEnv: "URL" }, DIGEST);

  expect(one).toMatchObject(FAILED as object);
  expect(one).not.toHaveProperty("count");
  expect(many).toMatchObject({
    kind: "digest",
    count: 500,
    more: 468,
    title: "shop: 500 more alerts",
  });
});

test("Telegram gets HTML in which nothing but itself is markup", async () => {
  const body = await sent(TELEGRAM, messageOf(EVIL_EVENT));

  expect(body).toMatchObject({ url: "/bot1:abc/sendMessage", chat_id: "-100", parse_mode: "HTML" });
  expect(tagsOf(String(body["text"]))).toEqual(["<b>", "</b>"]);
  expect(body["text"]).not.toMatch(/@\w/);
});

test("the second variable of a chat is read where the first is not set", async () => {
  const channel = { ...TELEGRAM, chatEnv: "TELEGRAM_ALERT_CHAT_ID", chatFallbackEnv: "CHAT" };

  expect(await sent(channel, messageOf(FAILED))).toMatchObject({ chat_id: "-100" });
});

test("Discord calls nobody who is not declared, whatever an alert says", async () => {
  const quiet = await sent(DISCORD, messageOf(EVIL_EVENT));
  const calling = await sent(
    { ...DISCORD, mentions: ["123456789012345678", "role:223456789012345678"] },
    messageOf(EVIL_EVENT),
  );
  const loud = await sent({ ...DISCORD, mentions: ["here"] }, messageOf(EVIL_EVENT));

  expect(quiet["allowed_mentions"]).toEqual({ parse: [], users: [], roles: [] });
  expect(calling["allowed_mentions"]).toEqual({
    parse: [],
    users: ["123456789012345678"],
    roles: ["223456789012345678"],
  });
  expect(String(calling["content"])).toMatch(/^<@123456789012345678> <@&223456789012345678>\n/);
  // With `here` declared Discord reads the text for it, so no other may stand there.
  expect(loud["allowed_mentions"]).toMatchObject({ parse: ["everyone"] });
  expect(String(loud["content"]).match(/@(here|everyone)/g)).toEqual(["@here"]);
});

test("a bot posts to its channel", async () => {
  const channel = { kind: "discord-bot", tokenEnv: "TOKEN", channelEnv: "CHANNEL" };

  expect(await sent(channel, messageOf(FAILED))).toMatchObject({
    url: "/channels/7/messages",
    headers: { authorization: "Bot 1:abc" },
  });
});

test("Slack gets plain text, and only declared mentions in a text with markup", async () => {
  const quiet = await sent(SLACK, messageOf(EVIL_EVENT));
  const calling = await sent({ ...SLACK, mentions: ["here", "U123", "S9"] }, messageOf(EVIL_EVENT));

  expect(kindsOf(quiet)).toEqual(["plain_text", "plain_text"]);
  expect(quiet["text"]).not.toMatch(/<[!@]/);
  expect(kindsOf(calling)).toEqual(["plain_text", "mrkdwn", "plain_text"]);
  expect(JSON.stringify(calling["blocks"])).toContain('"<!here> <@U123> <!subteam^S9>"');
});

test("nobody is called when something is over", async () => {
  const telegram = await sent({ ...TELEGRAM, mentions: ["@oncall"] }, messageOf(RECOVERED));
  const called = await sent({ ...TELEGRAM, mentions: ["@oncall", "42"] }, messageOf(FAILED));

  expect(telegram["text"]).not.toContain("oncall");
  expect(called["text"]).toMatch(/^@oncall <a href="tg:\/\/user\?id=42">42<\/a>\n<b>/);
});

test.for([
  ["telegram", TELEGRAM, 4096],
  ["discord", DISCORD, 2000],
  ["slack", SLACK, 3000],
] as const)("%s: a long message is cut without broken markup", async ([kind, channel, length]) => {
  for (const filler of ["<&>", "😀", "*_@", "a"]) {
    const details = Object.fromEntries(
      Array.from({ length: 40 }, (_, field) => [`field ${field}`, filler.repeat(500)]),
    );
    const title = filler.repeat(length);
    const body = await sent(
      { ...channel, ...(kind === "slack" ? {} : { mentions: ["123456789012345678"] }) },
      messageOf({ ...FAILED, title, details }),
    );

    for (const text of textsOf(body)) {
      expect(text.length).toBeLessThanOrEqual(length);
      expect(text.isWellFormed()).toBe(true);
    }
    const [text = ""] = textsOf(body);
    if (kind === "telegram") {
      expect(tagsOf(text)).toEqual([
        '<a href="tg://user?id=123456789012345678">',
        "</a>",
        "<b>",
        "</b>",
      ]);
      expect(text.replaceAll(/&(amp|lt|gt);/g, "")).not.toContain("&");
    }
    if (kind === "discord") expect(text).toMatch(/\*\*[^]*…\*\*$/);
  }
});

test("a digest lists the first, and says how many more there are", async () => {
  const body = await sent(DISCORD, DIGEST);

  const lines = String(body["content"]).split("\n");
  expect(lines[0]).toBe("**shop: 500 more alerts**");
  expect(lines[1]).toContain("job 0 failed (×3)");
  expect(lines.at(-1)).toBe("and 478 more");
});

test("Sentry gets an envelope with what makes it one issue", async () => {
  const body = await sent({ kind: "sentry", dsnEnv: "DSN" }, messageOf(FAILED));

  expect(body).toMatchObject({
    url: "/path/api/42/envelope/",
    headers: { "x-sentry-auth": expect.stringContaining("sentry_key=public") },
    level: "error",
    fingerprint: [FAILED.key],
    message: { formatted: "[FAIL] shop: digest failed: no data" },
    tags: { job: "digest" },
  });
});

test("a mail says the alert in its subject, and its HTML is text", async () => {
  const server = await startMailServer({ disabledCommands: ["STARTTLS"] });
  const channel = AlertChannel.parse({
    name: "mail",
    kind: "smtp",
    urlEnv: "SMTP_URL",
    fromEnv: "ALERTS_EMAIL_FROM",
    fromFallbackEnv: "DIGEST_EMAIL_FROM",
    toEnv: "ALERTS_EMAIL_TO",
    toFallbackEnv: "DIGEST_EMAIL_TO",
  });
  const env = {
    SMTP_URL: `smtp://127.0.0.1:${server.port}`,
    DIGEST_EMAIL_FROM: "digest@example.com",
    ALERTS_EMAIL_TO: "a@example.com, b@example.com",
    DIGEST_EMAIL_TO: "other@example.com",
  };

  await openChannels([channel], env)[0]?.send(messageOf(FAILED), new AbortController().signal);

  expect(server.seen).toMatchObject([
    { from: "digest@example.com", to: ["a@example.com", "b@example.com"] },
  ]);
  expect(server.seen[0]?.text).toContain("Subject: [FAIL] shop: digest failed: no data");
});

function tagsOf(html: string): string[] {
  return [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
}

function kindsOf(body: Record<string, unknown>): string[] {
  const blocks = body["blocks"] as readonly { text: { type: string } }[];
  return blocks.map((it) => it.text.type);
}

/** The texts of a message that people see. */
function textsOf({ text, content, blocks }: Record<string, unknown>): string[] {
  const inBlocks = (blocks ?? []) as readonly { text: { text: string } }[];
  const texts = inBlocks.map((it) => it.text.text);
  return [...texts, ...[text, content].filter((it) => typeof it === "string")];
}
