import { expect, test } from "vitest";
import { pageText } from "./page-text.ts";

const HTML = '<html data-csrf="" data-migrations="no"><head><title>x</title>\n  </head></html>';

test("a page without a session carries no proof, and one with a session its own", () => {
  const none = pageText(HTML, { hasMigrations: false, modules: [] });
  const some = pageText(HTML, { csrf: "a-proof_1", hasMigrations: true, modules: ["x.js"] });

  expect(none).toContain('data-csrf="" data-migrations="no"');
  expect(some).toContain('data-csrf="a-proof_1" data-migrations="yes"');
  expect(some).toContain('<link rel="modulepreload" href="/ops/assets/x.js" />');
});

test("a proof that would be markup is refused", () => {
  const session = { csrf: '"><script>', hasMigrations: false, modules: [] };

  expect(() => pageText(HTML, session)).toThrow("base64url");
});
