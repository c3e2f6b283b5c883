import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, test } from "vitest";
import type { SecretModel } from "./model/stack-model.ts";
import { resolveSecrets, type SecretsOptions } from "./secrets.ts";

beforeEach(() => pulumi.runtime.setAllConfig({}));

const secret = (name: string, rest: Partial<SecretModel> = {}): SecretModel => ({
  name,
  required: true,
  usedBy: ["services/web/env/KEY"],
  ...rest,
});

const resolve = (models: readonly SecretModel[], options: Partial<SecretsOptions> = {}) =>
  resolveSecrets(models, {
    environment: {},
    generate: ({ name, bytes }) => pulumi.secret(`${name} of ${bytes} bytes`),
    ...options,
  });

/** The value as a resource receives it, and whether it is secret. */
async function seen(output: pulumi.Output<string> | undefined): Promise<unknown> {
  if (!output) return undefined;
  const value = await new Promise((done) => output.apply(done));
  return { value, isSecret: await pulumi.isSecret(output) };
}

test("a value comes from config, from the prefixed variable, from the runbook's name, from another name of it", async () => {
  pulumi.runtime.setAllConfig({ "opspec:A": "from config" }, ["opspec:A"]);
  const environment = { OPSPEC_SECRET_B: "prefixed", C: "its own name", OLD_D: "its other name" };

  const secrets = resolve(
    [secret("A"), secret("B"), secret("C"), secret("D", { aliases: ["OLD_D"] })],
    { environment },
  );

  expect(await Promise.all(["A", "B", "C", "D"].map((it) => seen(secrets.valueOf(it))))).toEqual(
    ["from config", "prefixed", "its own name", "its other name"].map((value) => ({
      value,
      isSecret: true,
    })),
  );
});

test("what nobody gives comes from its command, without the newline at its end", async () => {
  const command = [process.execPath, "-e", "console.log('told by a command')"];

  const secrets = resolve([secret("A", { command })]);

  expect(await seen(secrets.valueOf("A"))).toEqual({ value: "told by a command", isSecret: true });
});

test("commands that fail are named, with their exit codes and without what they printed", () => {
  const command = [process.execPath, "-e", "console.log('half a secret'); process.exit(7)"];

  expect(() => resolve([secret("A", { command }), secret("B", { command: ["/no/such"] })])).toThrow(
    [
      "secrets: 2 problem(s)",
      `  A: the command ${process.execPath} failed with 7. Run it by hand to see why.`,
      "  B: the command /no/such could not be run. Run it by hand to see why.",
    ].join("\n"),
  );
});

test("a value that stands in clear in the configuration is refused", () => {
  pulumi.runtime.setAllConfig({ "opspec:A": "in clear" });

  expect(() => resolve([secret("A")])).toThrow(
    "A: is stored in clear text in the stack's configuration. Set it with: pulumi config set --secret A.",
  );
});

test("an empty variable, as CI gives an unset secret, is no value", () => {
  expect(() => resolve([secret("A")], { environment: { A: "" } })).toThrow("A: is not set");
});

test("a secret that the stack makes is generated when nobody gives it", async () => {
  const secrets = resolve([secret("TOKEN", { required: false, generateBytes: 32 })]);

  expect(await seen(secrets.valueOf("TOKEN"))).toEqual({
    value: "TOKEN of 32 bytes",
    isSecret: true,
  });
});

test("everything that is wrong is said at once, by name and never by value", () => {
  const environment = { B: "short", C: "changeme", OPSPEC_SECRET_D: "one", D: "another" };
  const models = [secret("A"), secret("B", { minLength: 32 }), secret("C"), secret("D")];

  expect(() => resolve(models, { environment })).toThrowErrorMatchingInlineSnapshot(`
    [Error: secrets: 4 problem(s)
      B: is too short: 5 of at least 32 characters. Generate a longer one.
      C: is a well-known value. Generate another.
      D: OPSPEC_SECRET_D and D give different values. Keep one of them.
      A: is not set; used by services/web/env/KEY. Set it with: pulumi config set --secret A, or OPSPEC_SECRET_A in the environment.]
  `);
});

test("two sources with the same value are one value", async () => {
  const secrets = resolve([secret("A")], { environment: { A: "same", OPSPEC_SECRET_A: "same" } });
  expect(await seen(secrets.valueOf("A"))).toMatchObject({ value: "same" });
});

test("an optional secret that nobody gives is left out", () => {
  const secrets = resolve([secret("A", { required: false }), secret("B", { required: "warn" })]);
  expect([secrets.valueOf("A"), secrets.valueOf("B")]).toEqual([undefined, undefined]);
});

test("placeholders stand for what is missing, are told, and run no command", async () => {
  const told: (readonly string[])[] = [];
  const command = [process.execPath, "-e", "process.exit(1)"];

  const secrets = resolve([secret("A"), secret("B", { command }), secret("C")], {
    environment: { C: "given" },
    placeholder: (name) => `placeholder-for-${name}`,
    onPlaceholders: (names) => told.push(names),
  });

  expect(told).toEqual([["A", "B"]]);
  expect(await seen(secrets.valueOf("B"))).toMatchObject({ value: "placeholder-for-B" });
  expect(await seen(secrets.valueOf("C"))).toMatchObject({ value: "given" });
});
