import { expect, test } from "vitest";
import { z } from "zod";
import { CATALOG } from "@opspec/runtime/catalog";
import { StackSpec } from "../../infra/spec/stack.ts";
import { listSpecKeys } from "./spec-keys.ts";
import { defaultOf, renderSpecPage } from "./spec-page.ts";

const PAGE = renderSpecPage(listSpecKeys(StackSpec));

test("no key of the spec is missing on the page", () => {
  // An empty registry has no ids, so that the schema has no references.
  const inline = {
    io: "input",
    unrepresentable: "any",
    metadata: z.registry<Record<string, unknown>>(),
  } as const;
  const paths = keyPaths(z.toJSONSchema(StackSpec, inline), "");

  expect(paths.filter((path) => !isOnPage(path))).toEqual([]);
  expect(new Set(paths).size).toBeGreaterThan(200);
});

test("a key has a row with its type, default, unit, words and example", () => {
  expect([
    row("services/<key>/disk/sizeGb"),
    row("services/<key>/source/branch"),
    row("jobs/<key>/name"),
    row("jobs/<key>/schedule/onStart"),
    row("verify/<n>/status"),
  ]).toMatchInlineSnapshot(`
    [
      "| \`services/<key>/disk/sizeGb\` | whole number, 1 to 16384 | required | GB | Size in GB. It can grow but never shrink. | \`5\` |",
      "| \`services/<key>/source/branch\` | text | main |  | Branch. Default: main. | \`main\` |",
      "| \`jobs/<key>/name\` | text | &lt;system>-&lt;key> |  | Name of the cron job on Render. Default: &lt;system>-&lt;key>. | \`nightly-purge\` |",
      "| \`jobs/<key>/schedule/onStart\` | \`true\` or \`false\` | required in \`{ onStart: true }\` |  | Also run once when the process that runs the job starts. Only when the process that runs the job starts. | \`true\` |",
      "| \`verify/<n>/status\` | whole number, 100 to 599 | 200 | Expected status. Default: 200. | \`200\` |",
    ]
  `);
});

test.each([
  ["Branch. Default: main.", "main"],
  ["Dockerfile. Default: ./Dockerfile.", "./Dockerfile"],
  ["Region. Default: the stack's region. A change replaces the resource.", "the stack's region"],
  ["Health check path. Default behind the proxy: /healthz.", "/healthz"],
  ["A file whose presence switches the job off.", undefined],
])("%j says that without the key it is %j", (description, expected) => {
  expect(defaultOf(description)).toBe(expected);
});

function row(path: string): string | undefined {
  return PAGE.split("\n").find((line) => line.startsWith(`| \`${path}\` |`));
}

/** A path stands on the page by itself or below a block whose keys are listed elsewhere. */
function isOnPage(path: string): boolean {
  if (PAGE.includes(`| \`${path}\` |`)) return true;
  const references = PAGE.matchAll(/^\| `(.+?)` \|.* Its keys are those of `(.+?)`\./gm);
  return [...references].some(
    ([, from = "", to = ""]) =>
      path.startsWith(`${from}/`) && isOnPage(to + path.slice(from.length)),
  );
}

/** The path of every property of a JSON Schema, with any name as `<…>`. */
function keyPaths(schema: unknown, base: string): string[] {
  if (!isBlock(schema)) return [];
  const { properties, additionalProperties, items, anyOf } = schema;
  const named = isBlock(properties) ? Object.entries(properties) : [];
  return [
    ...named.flatMap(([key, child]) => {
      const path = base === "" ? key : `${base}/${key}`;
      return [path, ...keyPaths(child, path)];
    }),
    ...keyPaths(additionalProperties, `${base}/${placeholder(base)}`),
    ...keyPaths(items, `${base}/<n>`),
    ...(Array.isArray(anyOf) ? anyOf.flatMap((option) => keyPaths(option, base)) : []),
  ];
}

function placeholder(base: string): string {
  if (/(^|\/)(env|secrets)$/.test(base)) return "<NAME>";
  return base.endsWith("secretFiles") ? "<file>" : "<key>";
}

function isBlock(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

test("every description of a key or an option states its default in the one form that is read", () => {
  const jobs = Object.values(CATALOG).flatMap((job) => listSpecKeys(job.options));

  const others = [...listSpecKeys(StackSpec), ...jobs].filter(({ description = "" }) =>
    /the default\)|is the default|when it is not given|[Ww]ithout it:/.test(description),
  );

  expect(others.map((it) => it.path)).toEqual([]);
});
