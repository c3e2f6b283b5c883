import { z } from "zod";
import { EnvRef, HiddenValue } from "./reference.ts";

/** A value, or two of which the first that is set counts. */
const ValueOrElse = z.union([HiddenValue, z.array(HiddenValue).min(1).max(2)]);

const enabled = EnvRef.optional().meta({
  description:
    "Variable that switches the channel: on with true, 1, yes or on, else off. Without it the channel is on.",
  examples: [{ env: "TELEGRAM_ALERTS_ENABLED" }],
});

const baseUrl = (vendor: string, usual: string) =>
  EnvRef.optional().meta({
    description: `Variable with another base URL than ${vendor}'s own; ${usual} when it is not given.`,
    examples: [{ env: usual }],
  });

const mentions = (form: RegExp, words: string, example: string) =>
  z
    .array(z.string().regex(form, `should be ${words}`))
    .optional()
    .meta({
      description: `Who is called by each message about something that is wrong: ${words}. Nothing else in a message can call anybody.`,
      examples: [[example]],
    });

const addresses = {
  from: ValueOrElse.meta({
    description: "Sender; of two the first that is set.",
    examples: [[{ env: "ALERTS_EMAIL_FROM" }, { env: "DIGEST_EMAIL_FROM" }]],
  }),
  to: ValueOrElse.meta({
    description: "Addresses, separated by commas; of two the first that is set.",
    examples: [[{ env: "ALERTS_EMAIL_TO" }, { env: "DIGEST_EMAIL_TO" }]],
  }),
};

const Sendgrid = z
  .strictObject({
    key: HiddenValue.meta({
      description: "The API key.",
      examples: [{ secret: "SENDGRID_API_KEY" }],
    }),
    ...addresses,
    baseUrl: baseUrl("SendGrid", "SENDGRID_BASE_URL"),
  })
  .meta({ id: "sendgrid", description: "Mail by SendGrid's API." });

const part = (what: string, example: string) =>
  HiddenValue.optional().meta({ description: what, examples: [{ secret: example }] });

const Smtp = z
  .strictObject({
    url: part("All in one: smtp://user:password@host:587, or smtps:.", "EMAIL_SERVER"),
    host: part("The server; it wins over the one of the URL.", "SMTP_HOST"),
    port: part("Its port; 587 when it is not given, or 465 with smtps.", "SMTP_PORT"),
    user: part("The user.", "SMTP_USER"),
    password: part("The password.", "SMTP_PASS"),
    tls: z
      .enum(["implicit", "starttls", "opportunistic", "none"])
      .optional()
      .meta({
        description:
          "implicit: from the first byte. starttls: never without. opportunistic: where the server offers it. When it is not given: implicit on port 465, starttls with a password, else opportunistic.",
        examples: ["starttls"],
      }),
    ...addresses,
  })
  .refine(({ url, host }) => url !== undefined || host !== undefined, "should have url or host")
  .meta({ id: "smtp", description: "Mail by a mail server." });

const Telegram = z
  .strictObject({
    token: HiddenValue.meta({
      description: "The bot's token.",
      examples: [{ secret: "TELEGRAM_BOT_TOKEN" }],
    }),
    chat: ValueOrElse.meta({
      description: "Id of the chat; of two the first that is set.",
      examples: [[{ secret: "TELEGRAM_ALERT_CHAT_ID" }, { env: "TELEGRAM_CHAT_ID" }]],
    }),
    baseUrl: baseUrl("Telegram", "TELEGRAM_BASE_URL"),
  })
  .meta({ id: "telegram", description: "Messages of a bot." });

const DiscordBot = z
  .strictObject({
    token: HiddenValue.meta({
      description: "The bot's token.",
      examples: [{ secret: "DISCORD_TOKEN" }],
    }),
    channel: HiddenValue.meta({
      description: "Id of the channel.",
      examples: [{ env: "LOG_CHANNEL_ID" }],
    }),
    baseUrl: baseUrl("Discord", "DISCORD_BASE_URL"),
  })
  .meta({ id: "discordBot", description: "Messages of a bot." });

const url = (what: string, example: string) =>
  HiddenValue.meta({ description: what, examples: [{ secret: example }] });

/** Where alerts are sent. */
export const AlertChannelSpec = z
  .union([
    z
      .strictObject({
        webhook: url(
          "Where the URL is; an unset one is skipped, which is no failure.",
          "WEBHOOK_URL",
        ),
        enabled,
      })
      .meta({ description: "A POST of the alert as JSON." }),
    z.strictObject({ sendgrid: Sendgrid, enabled }).meta({ description: "Mail by SendGrid." }),
    z.strictObject({ smtp: Smtp, enabled }).meta({ description: "Mail by a mail server." }),
    z
      .strictObject({
        telegram: Telegram,
        enabled,
        mentions: mentions(
          /^(@\w{5,32}|\d{1,20})$/,
          "a name such as @oncall, or a user's id",
          "@oncall",
        ),
      })
      .meta({ description: "A chat in Telegram." }),
    z
      .strictObject({
        slack: url("Where the URL of the incoming webhook is.", "SLACK_WEBHOOK_URL"),
        enabled,
        mentions: mentions(
          /^(here|channel|everyone|[UWS][A-Z0-9]{2,20})$/,
          "here, channel, everyone, or the id of a user (U…) or a group (S…)",
          "here",
        ),
      })
      .meta({ description: "A channel in Slack." }),
    z
      .strictObject({
        discord: z.union([HiddenValue, DiscordBot]).meta({
          description: "Where the URL of a webhook is, or a bot and its channel.",
          examples: [{ secret: "DISCORD_WEBHOOK_URL" }],
        }),
        enabled,
        mentions: mentions(
          /^(here|everyone|(role:)?\d{17,20})$/,
          "here, everyone, the id of a user, or role: and the id of a role",
          "role:123456789012345678",
        ),
      })
      .meta({ description: "A channel in Discord." }),
    z
      .strictObject({ sentry: url("Where the DSN is.", "SENTRY_DSN"), enabled })
      .meta({ description: "Sentry, or what takes its envelopes." }),
  ])
  .meta({
    id: "alertChannel",
    description: "A way to reach people. What is not set is skipped, which is no failure.",
  });

export type AlertChannelSpec = z.infer<typeof AlertChannelSpec>;
