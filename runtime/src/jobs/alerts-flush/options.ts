import * as z from "zod/mini";
import { EnvName } from "../../contract/field.ts";
import { MailSettings } from "../../contract/mail.ts";
import { ManifestSource } from "../../contract/source.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** Where the rows of one kind of alert are. */
const AlertTab = z.strictObject({
  source: ManifestSource.check(
    z.meta({ description: "Where the rows are read: a file, a query, a URL or a sheet." }),
  ),
  columns: z.optional(z.array(Text)).check(
    z.meta({
      description:
        "Columns that are compared and sent; all of them without it. Leave out those that change with each look, such as a time.",
      examples: [["sku", "title", "stock"]],
    }),
  ),
});

/** What specs and manifests may say of a `alerts-flush` job. */
export const alertsFlushJob = {
  description:
    "Reads tables of alerts and, when they changed since they were last sent, sends them by mail and to a webhook.",
  get options() {
    return z.strictObject({
      tabs: z.optional(z.record(z.string(), AlertTab)).check(
        z.meta({
          description: "The tables by the names that people see, each with its source.",
          examples: [{ low_stock: { source: { kind: "file", path: "data/low_stock.csv" } } }],
        }),
      ),
      title: z
        .optional(Text)
        .check(z.meta({ description: "Subject and heading of the mail; Alerts without it." })),
      samples: z.optional(Positive).check(
        z.meta({
          description: "Rows of each table that are compared and sent, from its top; 5 without it.",
        }),
      ),
      state: z.optional(FilePath).check(
        z.meta({
          description:
            "File in which is kept what each channel accepted last; without it, the place of the stack's run records.",
          examples: ["logs/alerts_notify_state.json"],
        }),
      ),
      mail: z.optional(MailSettings).check(
        z.meta({
          description: "How mail is sent; by SendGrid with SENDGRID_API_KEY without it.",
          examples: [{ kind: "smtp", urlEnv: "SMTP_URL" }],
        }),
      ),
      from: z.optional(Text).check(
        z.meta({
          description:
            "Sender of the mail; the value of ALERTS_EMAIL_FROM, or else of DIGEST_EMAIL_FROM, without it.",
        }),
      ),
      to: z.optional(z.array(Text)).check(
        z.meta({
          description:
            "Receivers of the mail; those of ALERTS_EMAIL_TO, or else of DIGEST_EMAIL_TO, separated by commas, without it.",
        }),
      ),
      webhook: z
        .optional(
          z.strictObject({
            urlEnv: EnvName.check(z.meta({ description: "Variable with the URL." })),
          }),
        )
        .check(
          z.meta({
            description: "Where the alerts are posted as JSON; the URL in WEBHOOK_URL without it.",
            examples: [{ urlEnv: "ALERTS_WEBHOOK_URL" }],
          }),
        ),
    });
  },
  get input() {
    return z.strictObject({
      resend: z.optional(z.boolean()).check(
        z.meta({
          description:
            "Send the alerts as they are now, changed or not, and keep in mind what was kept in mind.",
        }),
      ),
    });
  },
  needsMemory: true,
  diskOptions: ["state"],
} as const satisfies CatalogJob;
