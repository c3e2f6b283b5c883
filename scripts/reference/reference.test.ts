import { expect, test } from "vitest";
import { renderReference } from "./reference.ts";

test("the reference has every command with its options and every resource type with its fields", async () => {
  const page = await renderReference();

  expect(page).toContain("### `opspec up`");
  expect(page).toContain("Options: `--local`, `--json`, `--overlay VALUE`, `--no-refresh`");
  expect(page).toContain("### `render:index:WebService`");
  expect(page).toMatch(/\| `region` \| .* \| replaces: .*region \|/);
  expect(page).toMatch(/\| `apiKey` \| text \| secret \|/);
  expect(page).toContain("### `digest`");
});

test("the reference is the same every time", async () => {
  expect(await renderReference()).toBe(await renderReference());
});
