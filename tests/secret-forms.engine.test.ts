import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployStack } from "../infra/components/stack.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { modelOf } from "../infra/testing/spec-text.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** A value with characters that are encoded in JSON, URLs and forms. */
const TOKEN = 'canary "5f2a" & of/the+build=é';
const PASSWORD = "canary-password-0815";
const DSN = `postgresql://shop:${PASSWORD}@db.example.com:5432/shop`;
const SECRETS = [TOKEN, PASSWORD];

const model = modelOf(`
secrets: { TOKEN: {}, DSN: {} }
services:
  web:
    type: web
    source: { image: nginx }
    plan: starter
    supervise: false
    env: { TOKEN: { secret: TOKEN }, DSN: { secret: DSN } }
`);

/** The output of a build with the value: in base64 after 0, 1 and 2 bytes of another text. */
function printed(value: string): string[] {
  const encoded = ["", "a", "ab"].map((before) => Buffer.from(before + value));
  return [
    value,
    JSON.stringify({ value }),
    encodeURIComponent(value),
    new URLSearchParams({ value }).toString(),
    ...encoded.map((it) => it.toString("base64")),
    ...encoded.map((it) => it.toString("base64url")),
  ];
}

/** The characters of the value in each form. */
function telling(value: string): string[] {
  const pieces = [0, 1, 2].map((before) =>
    Buffer.from(" ".repeat(before) + value)
      .toString("base64")
      .slice(
        Math.ceil((before * 4) / 3),
        Math.floor(((before + Buffer.from(value).length) * 4) / 3),
      ),
  );
  const inForm = new URLSearchParams([["", value]]).toString().slice(1);
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    inForm,
    ...pieces,
    ...pieces.map((it) => it.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

let cloud: LocalCloud;
let engine: ScratchStack;

beforeAll(async () => {
  cloud = await startLocalCloud({});
  engine = await openScratchStack(
    async () => deployStack(model, { environment: { TOKEN, DSN } }),
    cloud.urls.render,
  );
});

afterAll(async () => {
  engine.remove();
  await cloud.stop();
});

/** The engine's files with their content. */
function written(): Map<string, string> {
  const files = readdirSync(join(engine.directory, "state"), {
    recursive: true,
    withFileTypes: true,
  }).filter((it) => it.isFile());
  const paths = files.map((it) => join(it.parentPath, it.name));
  return new Map(paths.map((it) => [it, readFileSync(it, "utf8")]));
}

test("a failing build that prints secrets in every form gives none away, in no message and in no file", async () => {
  const lines = SECRETS.flatMap(printed);
  for (const reason of lines) {
    await send(`${cloud.urls.local}/faults`, "POST", [
      { deploy: "build_failed", times: 1, reason },
    ]);
  }

  const messages: string[] = [];
  for (const _ of lines) messages.push((await engine.up()).failure ?? "");

  const files = written();
  const state = [...files].find(([path]) => path.endsWith("scratch.json"))?.[1] ?? "";
  expect(messages.filter((it) => !it.includes("[secret]"))).toEqual([]);
  expect(state).toContain("initErrors");
  expect([...files.keys()].some((it) => it.includes("/history/"))).toBe(true);
  expect([...files.keys()].some((it) => it.includes("/backups/"))).toBe(true);
  const everywhere = new Map([["messages", messages.join("\n")], ...files]);
  const leaks = [...everywhere].flatMap(([where, text]) =>
    SECRETS.flatMap(telling)
      .filter((it) => text.includes(it))
      .map((it) => `${where}: ${it}`),
  );
  expect(leaks).toEqual([]);
});
