import { MailSettings } from "../contract/mail.ts";
import type { JobContext } from "./definition.ts";
import { parseAddresses } from "../alerts/mail/address.ts";
import type { Mail } from "../alerts/mail/mail.ts";
import { valueOf } from "../contract/env.ts";
import { type Delivered, deliveredBy } from "./delivered.ts";

/** Default mail settings: SendGrid with the key in SENDGRID_API_KEY. */
const DEFAULT_SETTINGS = MailSettings.parse({ kind: "sendgrid" });

/** What a job says of its mail. */
export interface MailOptions {
  readonly mail?: MailSettings | undefined;
  readonly from?: string | undefined;
  readonly to?: readonly string[] | undefined;
  /**
   * Beginnings of the variables with the addresses where the options do not have them, best first:
   * `DIGEST_EMAIL` for DIGEST_EMAIL_FROM and DIGEST_EMAIL_TO.
   */
  readonly variables: readonly string[];
}

/** Sends a mail of a job. A variable that is not set makes it `skipped`, and nothing is thrown. */
export async function sendMail(
  context: JobContext,
  options: MailOptions,
  mail: Omit<Mail, "from" | "to">,
): Promise<Delivered> {
  const { env, signal } = context;
  const from = options.from ?? firstValue(context, options, "FROM");
  const to = options.to ?? parseAddresses(firstValue(context, options, "TO"));
  const missing = [from === undefined ? "FROM" : [], to.length === 0 ? "TO" : []].flat();
  if (from === undefined || missing.length > 0) {
    const [variable = ""] = options.variables;
    return { status: "skipped", why: missingWords(missing.map((it) => `${variable}_${it}`)) };
  }
  return deliveredBy(signal, async () => {
    const { openMail } = await import("../alerts/mail/mail.ts");
    const settings = options.mail ?? DEFAULT_SETTINGS;
    const delivery = await openMail(settings, env).send({ ...mail, from, to }, { signal });
    return delivery === "sent"
      ? { status: "ok" }
      : { status: "skipped", why: unsetWords(settings) };
  });
}

function firstValue({ env }: JobContext, { variables }: MailOptions, end: string) {
  return variables.map((it) => valueOf(env, `${it}_${end}`)).find((it) => it !== undefined);
}

function missingWords(names: readonly string[]): string {
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} not set`;
}

function unsetWords(settings: MailSettings): string {
  return settings.kind === "sendgrid"
    ? missingWords([settings.keyEnv])
    : "a variable of the mail server is not set";
}
