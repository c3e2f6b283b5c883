import { DELIVERY_LIMITS, type DeliveryLimits } from "../delivery-attempts.ts";
import type { MailSettings } from "../../contract/mail.ts";
import type { Env } from "../../contract/env.ts";

/** One mail. */
export interface Mail {
  /** `address` or `Name <address>`; a mail from nobody is skipped. */
  readonly from: string;
  /** A mail to nobody is skipped. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly attachments?: readonly MailAttachment[];
}

export interface MailAttachment {
  readonly filename: string;
  readonly content: Uint8Array;
  readonly contentType: string;
}

/** A way to send mail. */
export interface MailSender {
  /**
   * `sent` when the server took it, for one address at least; `skipped` when a variable that is
   * needed is not set, or an address is missing. What went wrong is thrown as a ChannelError, and an
   * abort as the signal's reason.
   */
  send(mail: Mail, options?: { readonly signal?: AbortSignal }): Promise<"sent" | "skipped">;
}

/** A mail with its attachments takes longer than a line in a chat. */
const MAIL_LIMITS: DeliveryLimits = { ...DELIVERY_LIMITS, timeoutMs: 15_000 };

/** The sender that the settings name. What it needs is loaded when the first mail is sent. */
export function openMail(
  settings: MailSettings,
  env: Env,
  limits: DeliveryLimits = MAIL_LIMITS,
): MailSender {
  return {
    send: async (mail, { signal } = {}) => {
      if (mail.from.trim() === "" || mail.to.length === 0) return "skipped";
      const oneLine = { ...mail, subject: mail.subject.replaceAll(/\s+/g, " ").trim() };
      const sending = { limits, ...(signal ? { signal } : {}) };
      if (settings.kind === "sendgrid") {
        const { sendBySendgrid } = await import("./sendgrid.ts");
        return sendBySendgrid(settings, env, { mail: oneLine, ...sending });
      }
      const { sendBySmtp } = await import("./smtp.ts");
      return sendBySmtp(settings, env, { mail: oneLine, ...sending });
    },
  };
}

/** A mail on its way. */
export interface MailSending {
  readonly mail: Mail;
  readonly limits: DeliveryLimits;
  readonly signal?: AbortSignal;
}
