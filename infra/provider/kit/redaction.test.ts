import { expect, test } from "vitest";
import { type Call, CreatedPartially } from "./plugin.ts";
import { Secret } from "./property-tree.ts";
import { concealing, redact, secretTexts } from "./redaction.ts";

const call: Call<null> = {
  client: null,
  urn: "urn:it",
  signal: new AbortController().signal,
  secrets: () => ["the-api-key"],
  progress: () => undefined,
};

const inputs = { env: { TZ: "UTC", TOKEN: new Secret("hunter22") } };

function thrownBy(error: Error): Promise<unknown> {
  const run = async (): Promise<never> => {
    throw error;
  };
  return concealing(call, [inputs], run).catch((it: unknown) => it);
}

test("a secret is replaced wherever it stands, the longest first", () => {
  expect(redact("a=abcd b=abcdefgh", ["abcd", "abcdefgh"])).toBe("a=[secret] b=[secret]");
});

test("a value of fewer than four characters stays, as it stands in many words", () => {
  expect(redact("nothing to do", ["not"])).toBe("nothing to do");
});

test("every leaf of a secret is one, also escaped as in JSON and line by line", () => {
  const key = new Secret({ pem: "-----BEGIN-----\nabcdefghij\n" });

  const texts = secretTexts({ key, plain: "shown" });

  expect(redact("shown", texts)).toBe("shown");
  expect(redact('{"pem":"-----BEGIN-----\\nabcdefghij\\n"}', texts)).toBe('{"pem":"[secret]"}');
  expect(redact("  abcdefghij", texts)).toBe("  [secret]");
});

test("an error, its cause and its stack show neither the resource's secrets nor the client's", async () => {
  const error = await thrownBy(
    new Error("no hunter22", { cause: new Error("not with the-api-key") }),
  );

  expect(error).toMatchObject({ message: "no [secret]", cause: { message: "not with [secret]" } });
  expect(error instanceof Error && error.stack).not.toContain("hunter22");
});

test("a create that got half-way stays one", async () => {
  const error = await thrownBy(new CreatedPartially("srv-1", new Error("no hunter22")));

  expect(error).toBeInstanceOf(CreatedPartially);
  expect(error).toMatchObject({ id: "srv-1", message: "no [secret]" });
});

test("a progress line shows no secret", async () => {
  const lines: string[] = [];
  const heard = { ...call, progress: (line: string) => void lines.push(line) };

  await concealing(heard, [inputs], async (it) => it.progress("setting hunter22"));

  expect(lines).toEqual(["setting [secret]"]);
});
