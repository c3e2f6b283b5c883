import { z } from "zod";
import { EnvRef, HiddenValue } from "./reference.ts";

/** A value, or two of which the first that is set counts. */
const ValueOrElse = z.union([HiddenValue, z.array(HiddenValue).min(1).max(2)]);

const enabled = EnvRef.optional().meta({
  description:
    "Variable that enables the channel: true, 1, yes and on enable it, other values disable it. Without this key the channel is enabled.",
  examples: [{ env: "TELEGRAM_ALERTS_ENABLED" }],
});

const baseUrl = (vendor: string, usual: string) =>
  EnvRef.optional().meta({
    description: `Variable with the base URL of ${vendor}'s API. Default: ${usual}.`,
    examples: [{ env: usual }],
  });

const mentions = (form: RegExp, words: string, example: string) =>
  z
    .array(z.string().regex(form, `should be ${words}`))
    .optional()
    .meta({
      description: `Who is mentioned in each message about a problem: ${words}. Nothing else in a message can mention anybody.`,
      examples: [[example]],
    });

const addresses = {
  from: ValueOrElse.meta({
    description: "Sender. Of two, the first that is set is used.",
    examples: [[{ env: "ALERTS_EMAIL_FROM" }, { env: "DIGEST_EMAIL_FROM" }]],
  }),
  to: ValueOrElse.meta({
    description: "Recipients, separated by commas. Of two, the first that is set is used.",
    examples: [[{ env: "ALERTS_EMAIL_TO" }, { env: "DIGEST_EMAIL_TO" }]],
  }),
};

const Sendgrid = z
  .strictObject({
    key: HiddenValue.meta({
      description: "API key.",
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
    url: part("Complete URL: smtp://user:password@host:587, or smtps:.", "EMAIL_SERVER"),
    host: part("Mail server. It overrides the host of the URL.", "SMTP_HOST"),
    port: part("Port. Default: 587, or 465 with smtps.", "SMTP_PORT"),
    user: part("User name.", "SMTP_USER"),
    password: part("Password.", "SMTP_PASS"),
    tls: z
      .enum(["implicit", "starttls", "opportunistic", "none"])
      .optional()
      .meta({
        description:
          "implicit: TLS from the first byte. starttls: require STARTTLS. opportunistic: use STARTTLS if the server offers it. Default: implicit on port 465, starttls with a password, otherwise opportunistic.",
        examples: ["starttls"],
      }),
    ...addresses,
  })
  .refine(({ url, host }) => url !== undefined || host !== undefined, "should have url or host")
  .meta({ id: "smtp", description: "Mail by a mail server." });

const Telegram = z
  .strictObject({
    token: HiddenValue.meta({
      description: "Bot token.",
      examples: [{ secret: "TELEGRAM_BOT_TOKEN" }],
    }),
    chat: ValueOrElse.meta({
      description: "Id of the chat. Of two, the first that is set is used.",
      examples: [[{ secret: "TELEGRAM_ALERT_CHAT_ID" }, { env: "TELEGRAM_CHAT_ID" }]],
    }),
    baseUrl: baseUrl("Telegram", "TELEGRAM_BASE_URL"),
  })
  .meta({ id: "telegram", description: "Messages sent by a bot." });

const DiscordBot = z
  .strictObject({
    token: HiddenValue.meta({
      description: "Bot token.",
      examples: [{ secret: "DISCORD_TOKEN" }],
    }),
    channel: HiddenValue.meta({
      description: "Id of the channel.",
      examples: [{ env: "LOG_CHANNEL_ID" }],
    }),
    baseUrl: baseUrl("Discord", "DISCORD_BASE_URL"),
  })
  .meta({ id: "discordBot", description: "Messages sent by a bot." });

const url = (what: string, example: string) =>
  HiddenValue.meta({ description: what, examples: [{ secret: example }] });

/** Where alerts are sent. */
export const AlertChannelSpec = z
  .union([
    z
      .strictObject({
        webhook: url(
          "Reference to the URL. A channel whose URL is not set is skipped without a failure.",
          "WEBHOOK_URL",
        ),
        enabled,
      })
      .meta({ description: "POST the alert as JSON." }),
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
        slack: url("Reference to the URL of the incoming webhook.", "SLACK_WEBHOOK_URL"),
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
          description: "Reference to the URL of a webhook, or a bot and its channel.",
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
      .strictObject({ sentry: url("Reference to the DSN.", "SENTRY_DSN"), enabled })
      .meta({ description: "Sentry, or a service that accepts Sentry envelopes." }),
  ])
  .meta({
    id: "alertChannel",
    description:
      "An alert channel. A channel whose variables are not set is skipped without a failure.",
  });

export type AlertChannelSpec = z.infer<typeof AlertChannelSpec>;
