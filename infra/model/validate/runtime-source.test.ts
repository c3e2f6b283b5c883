import { expect, test } from "vitest";
import { wholeRefusals } from "../../testing/spec-text.ts";

test("a service that the runtime cannot get into is refused, and a cron job without an image", () => {
  const found = wholeRefusals(`
system: shop
render: { owner: tea-00000000000000000000 }
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: x, plan: starter }
jobs:
  a: { uses: http, schedule: { every: 1h }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "5:79   services/web/start: this service has no source of the runtime. Give runtimeSource an archive: (url and sha256) or a path:, or set supervise: false.",
      "7:45   jobs/a/on: there is no image for this cron job. Set runtimeSource/image to an image with its digest.",
    ]
  `);
});
