import { expect, test } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { getLanguageService } from "yaml-language-server";
import { StackSpec } from "../../infra/spec/stack.ts";
import { listSpecKeys } from "./spec-keys.ts";
import { renderSpecSchema } from "./spec-schema.ts";

/** The marker of the cursor in a text. */
const CURSOR = "|";

const STACK = `system: shop
render:
  owner: tea-00000000000000000000
`;

const EXTENSION = `extends: shop
`;

const keys = listSpecKeys(StackSpec);

const schema = renderSpecSchema();

const editor = getLanguageService({
  schemaRequestService: () => Promise.resolve(schema),
  workspaceContext: { resolveRelativePath: (path) => path },
});
editor.configure({
  completion: true,
  hover: true,
  hoverSchemaSource: false,
  schemas: [{ uri: "file:///stack.schema.json", fileMatch: ["*.ops.yaml"] }],
});

let texts = 0;

/** An open text in an editor, and the position of the cursor. */
function open(marked: string): {
  document: TextDocument;
  position: ReturnType<TextDocument["positionAt"]>;
} {
  const offset = marked.indexOf(CURSOR);
  const text = marked.slice(0, offset) + marked.slice(offset + CURSOR.length);
  texts += 1;
  const document = TextDocument.create(`file:///${texts}.ops.yaml`, "yaml", 1, text);
  return { document, position: document.positionAt(offset) };
}

/** The editor's completions without templates of whole blocks. */
async function completionsAt(marked: string): Promise<string> {
  const { document, position } = open(marked);
  const { items } = await editor.doComplete(document, position, false);
  const single = items.filter(({ documentation }) => typeof documentation !== "object");
  return single.map(({ insertText = "" }) => JSON.stringify(insertText)).join("\n");
}

async function hoverAt(marked: string): Promise<string> {
  const { document, position } = open(marked);
  const hover = await editor.doHover(document, position);
  const contents = hover?.contents;
  return typeof contents === "object" && "value" in contents ? contents.value : "";
}

// The file was recorded from the schema without references.
test("an editor completes keys and values at every depth", async () => {
  const places = [
    `${STACK}|`,
    `${STACK}  region: |`,
    `${STACK}services:\n  web:\n    type: web\n    |`,
    `${STACK}services:\n  web:\n    type: |`,
    `${STACK}services:\n  web:\n    env:\n      A:\n        |`,
    `${STACK}services:\n  web:\n    checks:\n      database:\n        |`,
    `${STACK}services:\n  web:\n    supervise:\n      watchdog:\n        |`,
    `${STACK}jobs:\n  nightly:\n    schedule:\n      |`,
    `${STACK}databases:\n  main:\n    pulumi:\n      |`,
    `${STACK}alerts:\n  channels:\n    ops:\n      |`,
    `${STACK}verify:\n  - |`,
    `${EXTENSION}services:\n  web:\n    |`,
    `${EXTENSION}services:\n  web:\n    previews: |`,
    `${EXTENSION}databases:\n  main:\n    pulumi:\n      |`,
  ];

  const shown = [];
  for (const place of places) shown.push(`${place}\n\n${await completionsAt(place)}\n`);

  await expect(shown.join("\n")).toMatchFileSnapshot("spec-schema-editor.txt");
});

test.each([
  ["render/region", `${STACK}  reg|ion: oregon`],
  ["services/<key>/plan", `${STACK}services:\n  web:\n    pl|an: starter`],
  ["services/<key>/docker/file", `${STACK}services:\n  web:\n    docker:\n      fi|le: x`],
  ["services/<key>/autoscale/max", `${STACK}services:\n  web:\n    autoscale:\n      m|ax: 3`],
  ["databases/<key>/version", `${STACK}databases:\n  main:\n    ver|sion: 16`],
  ["keyValues/<key>/evict", `${STACK}keyValues:\n  queue:\n    ev|ict: noeviction`],
  ["secrets/<NAME>/maxAge", `${STACK}secrets:\n  A:\n    max|Age: 90d`],
  ["jobs/<key>/deadline", `${STACK}jobs:\n  nightly:\n    dead|line: 10m`],
  ["alerts/limit", `${STACK}alerts:\n  lim|it: 10s`],
  ["render/region", `${EXTENSION}render:\n  reg|ion: oregon`],
  ["services/<key>/plan", `${EXTENSION}services:\n  web:\n    pl|an: starter`],
  ["databases/<key>/diskGb", `${EXTENSION}databases:\n  main:\n    disk|Gb: 15`],
])("hover shows what %s means, with its examples", async (path, marked) => {
  const key = keys.find((it) => it.path === path);

  const shown = await hoverAt(marked);

  expect(shown).toContain(key?.description);
  for (const example of key?.examples ?? []) expect(shown).toContain(String(example));
});
