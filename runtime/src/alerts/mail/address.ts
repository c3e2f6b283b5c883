/** One address, with the name beside it if there is one. */
export interface MailAddress {
  readonly email: string;
  readonly name?: string;
}

/** A comma or a semicolon outside of quotes. */
const SEPARATOR = /[,;](?=(?:[^"]*"[^"]*")*[^"]*$)/;

/** `Name <address>`, the name in quotes or not. */
const NAMED = /^\s*"?([^"<>]*?)"?\s*<([^<>\s]+)>\s*$/;

/** The addresses of a variable, as people write them: separated by commas, with names or without. */
export function parseAddresses(text: string | undefined): string[] {
  return (text ?? "")
    .split(SEPARATOR)
    .map((it) => it.trim())
    .filter((it) => it !== "");
}

/** An address in its parts. */
export function parseAddress(text: string): MailAddress {
  const [, name = "", email] = NAMED.exec(text) ?? [];
  if (email === undefined) return { email: text.trim() };
  return name === "" ? { email } : { email, name };
}
