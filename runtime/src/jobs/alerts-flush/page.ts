import type { JobPage } from "../job.ts";

/** The reference page of `alerts-flush`. */
export const alertsFlushPage: JobPage = {
  alsoKnownAs: ["alerts_flush", "python workers/alerts_flush.py", "Re-send latest alerts"],
  does: [
    "Does nothing while it is silenced (silencedBy), not even a resend. The first run after the silence sends what changed.",
    "Reads all tabs at the same time: the number of rows and the first 5 rows (samples) of each. If a tab cannot be read, it sends nothing. It leaves out a tab whose variables are not set.",
    "Computes a SHA-256 fingerprint of counts and samples. The order of keys does not matter, the order of rows does.",
    "Sends the alerts to each channel that has not accepted this fingerprint: by mail with a table for each tab, and to the webhook as `{type: alerts_update, payload}`, where the payload has `{count, rows}` for each tab.",
    "Saves the fingerprint for each channel that accepted. If one channel accepted and the other failed, the run is ok, and the next run sends to the other one only.",
    "With the input resend=true sends the current alerts to all channels and saves nothing.",
  ],
  artifacts: {
    mail: "to ALERTS_EMAIL_TO, from ALERTS_EMAIL_FROM, each of which falls back to DIGEST_EMAIL_*",
    webhook: "a POST to WEBHOOK_URL",
    state:
      "the file in the option state, or the stack's state store: the fingerprint that each channel accepted",
    record:
      "details.result (sent, no_change, silenced, skipped, error), fingerprint, counts by tab, email and webhook (ok, no_change, skipped, error), why",
  },
  exits: {
    "0 ok": "result sent: at least one channel accepted. result no_change: nothing changed.",
    "0 skipped": "result silenced, or result skipped: no channel has its variables.",
    "75 failed": "A tab or the state could not be read, or a channel failed and none accepted.",
    "78 failed": "There is no place for the state.",
  },
  dryRun:
    "Reads the tabs and reports the counts and the channels that it would use (details.wouldSend). Sends and saves nothing.",
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
