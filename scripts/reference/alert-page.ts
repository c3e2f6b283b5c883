import type { AlertChannel } from "../../runtime/src/contract/alert.ts";
import { SILENCE_MINUTES_MAX } from "../../runtime/src/alerts/silences.ts";
import { code, renderTable } from "./markdown.ts";

/** The message format of one kind of channel. */
interface ChannelWords {
  readonly sends: string;
  /** Maximum length of a message. Alerts that do not fit are counted; markup is never cut. */
  readonly longest: string;
  /** The possible values of `mentions`. */
  readonly mentions: string;
}

const NOBODY = "nobody";

const CHANNELS: Readonly<Record<AlertChannel["kind"], ChannelWords>> = {
  webhook: {
    sends:
      'A POST with the alert as JSON; several alerts in one message are `{ kind: "digest", title, count, alerts, more }`.',
    longest: "",
    mentions: NOBODY,
  },
  sendgrid: { sends: "A mail through SendGrid's API.", longest: "", mentions: NOBODY },
  smtp: { sends: "A mail through a mail server.", longest: "", mentions: NOBODY },
  telegram: {
    sends: "A bot's message to a chat, as HTML.",
    longest: "4,096 characters",
    mentions: "`@name`, or the number of a user",
  },
  slack: {
    sends: "A message through an incoming webhook.",
    longest: "a title of 150 and a text of 3,000 characters",
    mentions: "`here`, `channel`, `everyone`, or the id of a user or a group",
  },
  discord: {
    sends: "A message through a webhook.",
    longest: "2,000 characters",
    mentions: "`here`, `everyone`, `role:` and the id of a role, or the id of a user",
  },
  "discord-bot": {
    sends: "A bot's message to a channel.",
    longest: "2,000 characters",
    mentions: "as `discord`",
  },
  sentry: {
    sends: "An event in Sentry's envelope format. Off unless declared.",
    longest: "",
    mentions: NOBODY,
  },
};

/** The results of a delivery, as `/ops/alerts` and the log show them. */
const DELIVERIES: readonly (readonly [delivery: string, means: string])[] = [
  ["sent", "The channel accepted it."],
  ["held", "It is held for the channel's next message."],
  ["suppressed", "An equal alert is firing already. It is counted into the next message."],
  ["silenced", "An operator's silence or the job's own silence file matches it."],
  [
    "skipped",
    "A variable of the channel is not set, or the channel is switched off. This is not a failure.",
  ],
  ["error", "All attempts failed. It is retried later."],
];

/** The channels of alerts, and the results of a delivery. */
export function renderAlertPage(): string {
  const rows = Object.entries(CHANNELS).map(([kind, { sends, longest, mentions }]) => [
    code(kind),
    sends,
    longest,
    mentions,
  ]);
  return [
    "An alert goes through these steps: grouped with what comes at the same time, silenced, recognised as equal to one that was sent (its key has no times, ids and durations), held until the channel may be used again, sent, and tried again as long as the channel asks for. It counts as sent only when the channel took it. What was suppressed is counted in the next message, and one says when it is over. Their keys are those of [`alerts`](#alerts).",
    renderTable(["channel", "sends", "longest message", "can call"], rows),
    "Only the declared `mentions` can notify anybody; other mentions in a message are neutralised. While the state store does not answer, alerts are still sent, and one warning says so.",
    renderTable(
      ["meaning", "means"],
      DELIVERIES.map(([delivery, means]) => [code(delivery), means]),
    ),
    `By hand: ${code("opspec-runtime alert-test")} sends a test message through every channel, and the alerts that a channel held. The console and ${code("/ops/alerts")} silence alerts for 1 to ${SILENCE_MINUTES_MAX} minutes, end a silence, send the latest alerts again and list recent ones. A silence also writes and removes the file of a job with \`silencedBy\`.`,
  ].join("\n\n");
}
