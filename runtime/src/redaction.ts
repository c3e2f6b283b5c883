import { SecretFinder, secretForms } from "./contract/secret-text.ts";

/** What stands where a secret was. */
const REDACTED = "[redacted]";

/** Nesting of a logged object; what lies deeper is cut off. */
const DEPTH_MAX = 12;

/** Fields that hold a secret by their name, in any spelling. */
const SECRET_FIELD =
  /passw(or)?d|passphrase|secret|token|authorization|cookie|credential|api[_-]?key|private[_-]?key|access[_-]?key|dsn/i;

/** User and password of a URL, wherever it stands in a text. Without its limit it takes quadratic time. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,29}:\/\/)[^\s/?#"'@]+@/gi;

/** A credential in a header or a command line. */
const SCHEME_CREDENTIAL = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g;

/** Every secret that this process knows, in all its forms. */
const finder = new SecretFinder();

/**
 * From now on these values are hidden in log lines, records and alerts of this process.
 *
 * The list belongs to the process, as the secrets do: a second logger cannot forget it.
 */
export function hideSecrets(values: Iterable<string>): void {
  for (const value of values) finder.add(secretForms(value));
}

/** Characters of the longest form of a secret. A text that is cut may end with so many of one. */
export function longestSecret(): number {
  return finder.longest;
}

/** The text without any secret that this process knows, and without credentials in URLs and headers. */
export function redact(text: string): string {
  return finder
    .hide(text, REDACTED)
    .replace(USER_INFO, `$1${REDACTED}@`)
    .replace(SCHEME_CREDENTIAL, `$1 ${REDACTED}`);
}

/** The value with every text in it redacted, and every field that holds a secret by its name. */
export function redactDeep(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "number" || typeof value === "bigint") {
    return finder.isIn(String(value)) ? REDACTED : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH_MAX) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      redact(key),
      SECRET_FIELD.test(key) && holdsText(child) ? REDACTED : redactDeep(child, depth + 1),
    ]),
  );
}

/**
 * A line of JSON with the same promise as redactDeep.
 *
 * Nearly no line holds a secret, so a line is only taken apart when it may.
 */
export function redactLine(line: string): string {
  const mayHold =
    SECRET_FIELD.test(line) ||
    line.search(USER_INFO) !== -1 ||
    line.search(SCHEME_CREDENTIAL) !== -1 ||
    finder.isIn(line);
  if (!mayHold) return line;
  return `${JSON.stringify(redactDeep(JSON.parse(line)))}\n`;
}

function holdsText(value: unknown): boolean {
  return typeof value === "string" ? value !== "" : typeof value === "object" && value !== null;
}
