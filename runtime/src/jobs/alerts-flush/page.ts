import type { JobPage } from "../job.ts";

/** What the reference says of `alerts-flush`. */
export const alertsFlushPage: JobPage = {
  alsoKnownAs: ["alerts_flush", "python workers/alerts_flush.py", "Re-send latest alerts"],
  does: [
    "Does nothing while it is silenced (silencedBy); what changed meanwhile is sent when the silence is over. A resend is silenced too.",
    "Reads all tabs at the same time and keeps the number of rows of each and its first 5 (samples). When one of them cannot be read, nothing is sent; one whose variables are not set is left out.",
    "Makes a SHA-256 fingerprint of counts and samples; the order of keys makes no difference, that of rows does.",
    "Sends the alerts to each channel that has not accepted this fingerprint: by mail, with a table for each tab, and to the webhook as `{type: alerts_update, payload}`, where the payload has `{count, rows}` for each tab.",
    "Keeps the fingerprint for each channel that accepted, once it did. Where one accepted and the other failed, the run is ok and the next run asks the other one alone, so that none gets the same twice and none loses it.",
    "With the input resend=true it sends the alerts as they are now, whatever was sent before, and keeps nothing.",
  ],
  artifacts: {
    mail: "to ALERTS_EMAIL_TO, from ALERTS_EMAIL_FROM, each of which falls back to DIGEST_EMAIL_*",
    webhook: "a POST to WEBHOOK_URL",
    state:
      "the file of the option state, or the stack's store of run records: the fingerprint that each channel accepted",
    record:
      "details.result (sent, no_change, silenced, skipped, error), fingerprint, counts by tab, email and webhook (ok, no_change, skipped, error), why",
  },
  exits: {
    "0 ok": "result sent: at least one channel accepted; result no_change: nothing is new.",
    "0 skipped":
      "result silenced, or result skipped: no channel has its variables, so that nothing is kept.",
    "75 failed":
      "A tab could not be read, the state is away, or a channel failed and none accepted.",
    "78 failed": "There is no place for the state.",
  },
  dryRun:
    "Reads the tabs and says what was counted and which channels would be used (details.wouldSend); it sends and keeps nothing.",
  example: `alerts-flush:
  uses: alerts-flush
  options:
    title: Shop
    tabs:
      low_stock: { source: { kind: file, path: data/low_stock.csv }, columns: [sku, title, stock] }
      late_orders:
        source: { kind: sheet, sheetEnv: SHEETS_KEY, range: "LateOrders!A:F", credentialsEnv: GSPREAD_CREDENTIALS }
    state: data/alerts_notify_state.json
  schedule: { every: 1h }
  silencedBy: data/alerts_silenced.json
  in: web`,
};
