import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { MailSettings } from "../../contract/mail.ts";
import { ManifestSource } from "../../contract/source.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** Where the rows of one kind of alert are. */
const AlertTab = z.strictObject({
  source: described(ManifestSource, "Where the rows are read: a file, a query, a URL or a sheet."),
  columns: described(
    z.optional(z.array(Text)),
    "Columns that are compared and sent; all of them without it. Leave out those that change with each look, such as a time.",
    ["sku", "title", "stock"],
  ),
});

/** What specs and manifests may say of a `alerts-flush` job. */
export const alertsFlushJob = {
  description:
    "Reads tables of alerts and, when they changed since they were last sent, sends them by mail and to a webhook.",
  get options() {
    return z.strictObject({
      tabs: described(
        z.optional(z.record(z.string(), AlertTab)),
        "The tables by the names that people see, each with its source.",
        { low_stock: { source: { kind: "file", path: "data/low_stock.csv" } } },
      ),
      title: described(z.optional(Text), "Subject and heading of the mail; Alerts without it."),
      samples: described(
        z.optional(Positive),
        "Rows of each table that are compared and sent, from its top; 5 without it.",
      ),
      state: described(
        z.optional(FilePath),
        "File in which is kept what each channel accepted last; without it, the place of the stack's run records.",
        "logs/alerts_notify_state.json",
      ),
      mail: described(
        z.optional(MailSettings),
        "How mail is sent; by SendGrid with SENDGRID_API_KEY without it.",
        { kind: "smtp", urlEnv: "SMTP_URL" },
      ),
      from: described(
        z.optional(Text),
        "Sender of the mail; the value of ALERTS_EMAIL_FROM, or else of DIGEST_EMAIL_FROM, without it.",
      ),
      to: described(
        z.optional(z.array(Text)),
        "Receivers of the mail; those of ALERTS_EMAIL_TO, or else of DIGEST_EMAIL_TO, separated by commas, without it.",
      ),
      webhook: described(
        z.optional(
          z.strictObject({
            urlEnv: described(EnvName, "Variable with the URL."),
          }),
        ),
        "Where the alerts are posted as JSON; the URL in WEBHOOK_URL without it.",
        { urlEnv: "ALERTS_WEBHOOK_URL" },
      ),
    });
  },
  get input() {
    return z.strictObject({
      resend: described(
        z.optional(z.boolean()),
        "Send the alerts as they are now, changed or not, and keep in mind what was kept in mind.",
      ),
    });
  },
  needsMemory: true,
  diskOptions: ["state"],
} as const satisfies CatalogJob;
