import { expect, test } from "vitest";
import { growthOf, RATIO_MAX } from "../testing/growth.ts";
import { hideSecrets, redact, redactLine } from "./redaction.ts";

const TOKEN = "s3cr3t/t0ken+with?odd&chars";

hideSecrets([TOKEN, "pin-4711", "line one of a key\nline two of a key"]);

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test.each([
  ["as it is", TOKEN],
  ["in JSON", JSON.stringify({ a: `"${TOKEN}` })],
  ["in JSON within JSON", JSON.stringify(JSON.stringify({ TOKEN }))],
  ["URL-encoded", encodeURIComponent(TOKEN)],
  ["URL-encoded in lower case", encodeURIComponent(TOKEN).toLowerCase()],
  ["form-encoded", new URLSearchParams({ TOKEN }).toString()],
  ["in Base64", base64(TOKEN)],
  ["in Base64 after one byte", base64(`:${TOKEN}:`)],
  ["in Base64 after two bytes", base64(`u:${TOKEN}@host`)],
  ["in Base64 after a user name", base64(`user:${TOKEN}`)],
  ["in base64url", Buffer.from(`x${TOKEN}y`).toString("base64url")],
  ["as one line of two", "a line two of a key b"],
  ["beside another one", `pin-4711${TOKEN}`],
])("a secret is hidden %s", (_, text) => {
  const shown = redact(text);

  expect(shown).toContain("[redacted]");
  expect(shown).not.toMatch(/t0ken|pin-4711|line two/);
  // Base64 shows at most the bits that the secret shares with its neighbours.
  const left = shown.replaceAll("[redacted]", "");
  expect(Buffer.from(left, "base64").toString()).not.toContain("t0ken");
});

test("overlapping secrets leave nothing of either", () => {
  hideSecrets(["abcdefgh", "efghijkl"]);

  expect(redact("1 abcdefghijkl 2")).toBe("1 [redacted] 2");
});

test("a log line with an escaped secret is hidden and stays JSON", () => {
  hideSecrets(['quoted"secret']);

  const line = redactLine(`${JSON.stringify({ msg: 'a quoted"secret b' })}\n`);

  expect(JSON.parse(line)).toEqual({ msg: "a [redacted] b" });
});

/** Times below this are noise, so they count as this. */
const NOISE_MS = 5;

test.each(
  Object.entries({
    "a path": (size: number) => `GET /ops/${"a-".repeat(size / 2)}`,
    schemes: (size: number) => "a+b://".repeat(size / 6),
    "a scheme": (size: number) => "a.".repeat(size / 2),
    users: (size: number) => "x://y:".repeat(size / 6),
    "one user": (size: number) => `http://${"u:".repeat(size / 2)}`,
    credentials: (size: number) => "Bearer ".repeat(size / 7),
    spaces: (size: number) => `Bearer${" ".repeat(size)}`,
    "beginnings of a secret": (size: number) => "s3cr3t/t0ken+".repeat(size / 13),
    secrets: (size: number) => TOKEN.repeat(size / TOKEN.length),
  }),
)("the time to redact %s grows with their length, not with its square", (_, write) => {
  expect(growthOf(write, redactBoth, NOISE_MS)).toBeLessThan(RATIO_MAX);
});

function redactBoth(text: string): void {
  redact(text);
  redactLine(JSON.stringify({ msg: text }));
}
