import * as z from "zod/mini";
import { EnvName } from "./field.ts";

/** SendGrid's API by an API key. */
export const SendgridMail = z.strictObject({
  kind: z.literal("sendgrid"),
  keyEnv: z.prefault(EnvName, "SENDGRID_API_KEY"),
  /** Variable with another base URL than SendGrid's own, such as the one of its region in the EU. */
  baseUrlEnv: z.prefault(EnvName, "SENDGRID_BASE_URL"),
});

/** A mail server: all in one URL, or its parts in a variable each, or both, where a part wins. */
export const SmtpMail = z.strictObject({
  kind: z.literal("smtp"),
  /** Variable with `smtp://user:password@host:port`, or `smtps:` for TLS from the first byte. */
  urlEnv: z.optional(EnvName),
  hostEnv: z.optional(EnvName),
  portEnv: z.optional(EnvName),
  userEnv: z.optional(EnvName),
  passEnv: z.optional(EnvName),
  /**
   * `implicit`: from the first byte. `starttls`: never without. `opportunistic`: where the server
   * offers it. Without it: `implicit` on port 465, `starttls` with a password, else `opportunistic`.
   */
  tls: z.optional(z.enum(["implicit", "starttls", "opportunistic", "none"])),
});

/** How mail is sent. It names variables; one that is needed and not set makes mail `skipped`. */
export const MailSettings = z.discriminatedUnion("kind", [SendgridMail, SmtpMail]);

export type MailSettings = z.infer<typeof MailSettings>;
