import type { AlertChannel } from "../../runtime/src/contract/alert.ts";
import { SILENCE_MINUTES_MAX } from "../../runtime/src/alerts/silences.ts";
import { code, renderTable } from "./markdown.ts";

/** What one kind of channel does with a message. */
interface ChannelWords {
  readonly sends: string;
  /** The longest message; what does not fit is left out and counted, and markup is never cut apart. */
  readonly longest: string;
  /** How `mentions` names whom a message calls. */
  readonly mentions: string;
}

const NOBODY = "nobody";

const CHANNELS: Readonly<Record<AlertChannel["kind"], ChannelWords>> = {
  webhook: {
    sends:
      'A POST of the alert as JSON; of several at once `{ kind: "digest", title, count, alerts, more }`.',
    longest: "",
    mentions: NOBODY,
  },
  sendgrid: { sends: "A mail through SendGrid's API.", longest: "", mentions: NOBODY },
  smtp: { sends: "A mail through a mail server.", longest: "", mentions: NOBODY },
  telegram: {
    sends: "A message of a bot to a chat, as HTML.",
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
    sends: "A message of a bot to a channel.",
    longest: "2,000 characters",
    mentions: "as `discord`",
  },
  sentry: {
    sends: "An event in Sentry's envelope; off unless it is declared.",
    longest: "",
    mentions: NOBODY,
  },
};

/** What a channel answered, as `/ops/alerts` and the log tell it. */
const DELIVERIES: readonly (readonly [delivery: string, means: string])[] = [
  ["sent", "The channel took it."],
  ["held", "It waits for the next message of the channel."],
  ["suppressed", "Equal to one that was sent a moment ago: counted into the next message."],
  ["silenced", "Somebody silenced it, or the job's own file does."],
  ["skipped", "A variable of the channel is not set, or it is switched off. That is no failure."],
  ["error", "It was not taken after all attempts; it is tried again later."],
];

/** Where alerts go, and what becomes of one on its way. */
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
    "In a message nothing but the declared `mentions` can call anybody. Without a store that answers alerts are sent all the same, and one warning says so.",
    renderTable(
      ["what became of it", "means"],
      DELIVERIES.map(([delivery, means]) => [code(delivery), means]),
    ),
    `By hand: ${code("opspec-runtime alert-test")} sends through every channel; the console and ${code("/ops/alerts")} silence for 1 to ${SILENCE_MINUTES_MAX} minutes, end a silence, send the latest again and show the last ones. A job with \`silencedBy\` has its file written and removed with a silence.`,
  ].join("\n\n");
}
