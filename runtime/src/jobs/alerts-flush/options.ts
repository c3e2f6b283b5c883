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
      tabs: z.optional(z.record(z.string(), alertTab())),
      title: z.optional(Text),
      samples: z.optional(Positive),
      state: z.optional(FilePath),
      mail: z.optional(MailSettings),
      from: z.optional(Text),
      to: z.optional(z.array(Text)),
      webhook: z.optional(
        z.strictObject({
          urlEnv: EnvName,
        }),
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
    source: ManifestSource,
    columns: z.optional(z.array(Text)),
  });
}
