import { afterEach, expect, test, vi } from "vitest";
import { main } from "../opspec.ts";

afterEach(() => vi.restoreAllMocks());

test.each(["preview", "up", "verify"])(
  "%s refuses an overlay that the spec does not have, with the nearest name, before anything is asked",
  async (command) => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);

    const code = await main([command, "joslyn-ai", "--local", "--overlay", "s3-outge"]);

    expect(code).toBe(2);
    expect(said.mock.calls.join("")).toBe(
      'stacks/joslyn-ai.ops.yaml: there is no overlay "s3-outge". Did you mean "s3-outage"?\n',
    );
  },
);

test("what only looks at the state takes no overlay", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);

  expect(await main(["refresh", "joslyn-ai", "--overlay", "s3-outage"])).toBe(2);
  expect(said.mock.calls.join("")).toContain("Unknown option '--overlay'");
});
