import { afterAll, beforeAll, expect, test } from "vitest";
import { UNKNOWN, Secret } from "../kit/property-tree.ts";
import { type PluginUnderTest, startPlugin } from "../../testing/plugin-client.ts";

const URN = "urn:pulumi:test::opspec::opspec:index:GeneratedSecret::TOKEN";

let plugin: PluginUnderTest;

beforeAll(async () => {
  plugin = await startPlugin("opspec");
  await plugin.configure({});
});

afterAll(() => plugin.stop());

test("a value is made once, as long as asked for, and is secret on the wire", async () => {
  const { id, outputs } = await plugin.create(URN, { bytes: 32 });

  expect(id).toBe("generated");
  expect(outputs["value"]).toBeInstanceOf(Secret);
  expect(Buffer.from(String((outputs["value"] as Secret).value), "base64url")).toHaveLength(32);
});

test("two values differ", async () => {
  const [first, second] = [
    await plugin.create(URN, { bytes: 16 }),
    await plugin.create(URN, { bytes: 16 }),
  ];
  expect(first.outputs).not.toEqual(second.outputs);
});

test("a preview makes nothing: the value is unknown", async () => {
  const { id, outputs } = await plugin.create(URN, { bytes: 32 }, true);
  expect({ id, outputs }).toEqual({ id: "", outputs: { value: UNKNOWN } });
});

test("a refresh keeps the value", async () => {
  const state = { inputs: { bytes: 32 }, outputs: { value: new Secret("kept") } };
  expect(await plugin.read(URN, "generated", state)).toEqual(state);
});

test("another rotation or length replaces the value", async () => {
  expect(await plugin.diff(URN, { bytes: 32 }, { bytes: 32, rotation: "2026-11" })).toEqual({
    rotation: "add-replace",
  });
  expect(await plugin.diff(URN, { bytes: 32 }, { bytes: 64 })).toEqual({ bytes: "update-replace" });
});

test("too little randomness is refused", async () => {
  expect(await plugin.check(URN, { bytes: 4 })).toMatchObject([{ property: "bytes" }]);
});

test("it cannot be imported, and says what to do", async () => {
  const read = plugin.read(URN, "generated", { inputs: {}, outputs: {} });
  await expect(read).rejects.toThrow("Set the value as configuration instead.");
});

test("a resource type that the plugin does not have is named", async () => {
  const check = plugin.check("urn:pulumi:test::opspec::opspec:index:Nothing::x", {});
  await expect(check).rejects.toThrow('opspec: unknown resource type "opspec:index:Nothing".');
});

test("the schema lists inputs, required ones, and secret outputs", async () => {
  expect(await plugin.schema()).toMatchObject({
    name: "opspec",
    resources: {
      "opspec:index:GeneratedSecret": {
        inputProperties: { bytes: { type: "integer", willReplaceOnChanges: true } },
        requiredInputs: ["bytes"],
        properties: { value: { type: "string", secret: true } },
      },
    },
  });
});
