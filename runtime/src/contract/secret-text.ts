/** Shorter values stand in ordinary words and numbers; hiding them would make texts unreadable. */
export const SECRET_LENGTH_MIN = 4;

/** Shorter pieces of Base64 occur in ordinary words. */
const BASE64_LENGTH_MIN = 8;

/** A line of a secret with several lines; shorter lines are words such as `name:`. */
const LINE_LENGTH_MIN = 8;

/** A part of a web address this long is a token, as webhooks have them, and not a word. */
const URL_TOKEN_LENGTH_MIN = 16;

/**
 * Every form in which a log, an answer or an error may repeat a secret: as it is, line by line, and
 * escaped for JSON, URLs, forms and Base64 (at all three alignments, in both alphabets). Of a URL,
 * also its password and its tokens alone.
 */
export function secretForms(value: string): string[] {
  const lines = value.includes("\n") ? value.split("\n").map((it) => it.trim()) : [];
  const long = lines.filter((it) => it.length >= LINE_LENGTH_MIN);
  const texts = [value, value.trim(), ...long, ...urlSecrets(value)];
  const forms = texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    ...inUrls(text),
    ...inBase64(text),
  ]);
  return [...new Set(forms)].filter((it) => it.length >= SECRET_LENGTH_MIN);
}

/** The parts of a URL that grant something. */
function urlSecrets(value: string): string[] {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url) return [];
  const passwords = [url.password, decoded(url.password)].filter((it) => it !== "");
  if (!url.protocol.startsWith("http")) return passwords;
  const parts = [...url.pathname.split("/"), ...url.searchParams.values()];
  return [...passwords, ...parts.filter((part) => part.length >= URL_TOKEN_LENGTH_MIN)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function inUrls(text: string): string[] {
  const encoded = [
    encodeURI(text.toWellFormed()),
    encodeURIComponent(text.toWellFormed()),
    new URLSearchParams([["", text]]).toString().slice(1),
  ];
  const lower = encoded.map((it) => it.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()));
  return [...encoded, ...lower];
}

/** The characters that the bytes of the text decide alone, after 0, 1 or 2 bytes of another text. */
function inBase64(text: string): string[] {
  const bytes = Buffer.from(text);
  const pieces = [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    return all.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const long = pieces.filter((it) => it.length >= BASE64_LENGTH_MIN);
  return [...long, ...long.map((it) => it.replaceAll("+", "-").replaceAll("/", "_"))];
}

/** Finds the forms of secrets in texts. The time grows with the text and not with the number of forms. */
export class SecretFinder {
  /** Forms by their first characters. */
  readonly #forms = new Map<string, string[]>();
  #longest = 0;

  add(forms: Iterable<string>): void {
    for (const form of forms) {
      const head = form.slice(0, SECRET_LENGTH_MIN);
      if (head.length < SECRET_LENGTH_MIN) continue;
      const known = this.#forms.get(head);
      if (!known) this.#forms.set(head, [form]);
      else if (!known.includes(form)) known.push(form);
      this.#longest = Math.max(this.#longest, form.length);
    }
  }

  /** Length of the longest form. */
  get longest(): number {
    return this.#longest;
  }

  /** The text with a mark instead of each secret; overlapping secrets get one mark. */
  hide(text: string, mark: string): string {
    const parts: string[] = [];
    let copied = 0;
    let end = 0;
    for (let at = 0; at + SECRET_LENGTH_MIN <= text.length; at += 1) {
      const length = this.#lengthAt(text, at);
      if (length === 0) continue;
      if (at >= end) {
        parts.push(text.slice(copied, at), mark);
      }
      end = Math.max(end, at + length);
      copied = end;
    }
    return parts.length === 0 ? text : `${parts.join("")}${text.slice(copied)}`;
  }

  /** Whether the text holds any secret. */
  isIn(text: string): boolean {
    for (let at = 0; at + SECRET_LENGTH_MIN <= text.length; at += 1) {
      if (this.#lengthAt(text, at) > 0) return true;
    }
    return false;
  }

  #lengthAt(text: string, at: number): number {
    const forms = this.#forms.get(text.slice(at, at + SECRET_LENGTH_MIN));
    if (!forms) return 0;
    return forms.reduce(
      (longest, form) =>
        form.length > longest && text.startsWith(form, at) ? form.length : longest,
      0,
    );
  }
}
