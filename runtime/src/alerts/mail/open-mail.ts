import type { Env } from "../../contract/env.ts";
import type { MailSettings } from "../../contract/mail.ts";
import { DELIVERY_LIMITS, type DeliveryLimits } from "../channels/channel.ts";
import type { Mail } from "./mail.ts";

/** Sends mail through one server. */
export interface MailSender {
  /**
   * `sent` when the server accepted it for at least one address; `skipped` when a variable or an
   * address is missing. Throws a ChannelError when the mail cannot be sent, and the signal's reason
   * when it is aborted.
   */
  send(mail: Mail, options?: { readonly signal?: AbortSignal }): Promise<"sent" | "skipped">;
}

/** A mail with attachments takes longer than a chat message. */
const MAIL_LIMITS: DeliveryLimits = { ...DELIVERY_LIMITS, timeoutMs: 15_000 };

/** The sender that the settings name. It is loaded with the first mail. */
export function openMail(
  settings: MailSettings,
  env: Env,
  limits: DeliveryLimits = MAIL_LIMITS,
): MailSender {
  return {
    send: async (mail, { signal } = {}) => {
      if (mail.from.trim() === "" || mail.to.length === 0) return "skipped";
      const oneLine = { ...mail, subject: mail.subject.replaceAll(/\s+/g, " ").trim() };
      const options = { mail: oneLine, limits, ...(signal ? { signal } : {}) };
      if (settings.kind === "sendgrid") {
        const { sendBySendgrid } = await import("./sendgrid.ts");
        return sendBySendgrid(settings, env, options);
      }
      const { sendBySmtp } = await import("./smtp.ts");
      return sendBySmtp(settings, env, options);
    },
  };
}
