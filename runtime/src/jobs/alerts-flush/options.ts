import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { MailSettings } from "../../contract/mail.ts";
import { ManifestSource } from "../../contract/source.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** The job `alerts-flush`. */
export const alertsFlushJob = {
  description:
    "Reads tables of alerts and sends them by mail and to a webhook if they changed since the last delivery.",
  get options() {
    return z.strictObject({
      tabs: described(
        z.optional(z.record(z.string(), alertTab())),
        "Tables by their display name, each with its source.",
        { low_stock: { source: { kind: "file", path: "data/low_stock.csv" } } },
      ),
      title: described(z.optional(Text), "Subject and heading of the mail. Default: Alerts."),
      samples: described(
        z.optional(Positive),
        "Number of first rows of each table to compare and send. Default: 5.",
      ),
      state: described(
        z.optional(FilePath),
        "File with the fingerprint that each channel accepted last. Default: the stack's state store.",
        "logs/alerts_notify_state.json",
      ),
      mail: described(
        z.optional(MailSettings),
        "How to send mail. Default: SendGrid with SENDGRID_API_KEY.",
        { kind: "smtp", urlEnv: "SMTP_URL" },
      ),
      from: described(
        z.optional(Text),
        "Sender of the mail. Default: ALERTS_EMAIL_FROM, or else DIGEST_EMAIL_FROM.",
      ),
      to: described(
        z.optional(z.array(Text)),
        "Recipients of the mail. Default: ALERTS_EMAIL_TO, or else DIGEST_EMAIL_TO, separated by commas.",
      ),
      webhook: described(
        z.optional(
          z.strictObject({
            urlEnv: described(EnvName, "Environment variable with the URL."),
          }),
        ),
        "Webhook that gets the alerts as JSON. Default: WEBHOOK_URL.",
        { urlEnv: "ALERTS_WEBHOOK_URL" },
      ),
    });
  },
  get input() {
    return z.strictObject({
      resend: described(
        z.optional(z.boolean()),
        "Send the current alerts even if they did not change. The saved fingerprints stay.",
      ),
    });
  },
  needsMemory: true,
  diskOptions: ["state"],
} as const satisfies CatalogJob;

/** The rows of one kind of alert. */
function alertTab() {
  return z.strictObject({
    source: described(ManifestSource, "Source of the rows: a file, a query, a URL or a sheet."),
    columns: described(
      z.optional(z.array(Text)),
      "Columns to compare and send. Default: all. Leave out columns that change with each read, such as a time.",
      ["sku", "title", "stock"],
    ),
  });
}
