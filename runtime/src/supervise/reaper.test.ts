import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NAMESPACE_OPTIONS, requireCapability } from "../../../tests/capabilities.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { startSupervised } from "../../testing/supervised.ts";
import { underReaper, withoutReaperMark } from "./reaper.ts";

const NODE = { argv: ["node", "main.js", "supervise"], execArgv: ["--x"], execPath: "/n/node" };

test("the process is started again under the reaper beside the bundle, once", () => {
  const directory = scratchDirectory();
  const tini = join(directory, "tini");
  writeFileSync(tini, "", { mode: 0o755 });
  const linux = { ...NODE, platform: "linux" } as const;

  const reaped = underReaper(join(directory, "main.js"), linux, { A: "1" });

  expect(reaped).toEqual({
    file: tini,
    argv: [tini, "-s", "--", "/n/node", "--x", "main.js", "supervise"],
    env: { A: "1", OPSPEC_REAPED: "1" },
  });
  expect(underReaper(join(directory, "main.js"), linux, { OPSPEC_REAPED: "1" })).toBeUndefined();
  expect(withoutReaperMark({ A: "1", OPSPEC_REAPED: "1" })).toEqual({ A: "1" });
});

test("where there is no reaper it is said why", () => {
  expect(underReaper("/nowhere/main.js", { ...NODE, platform: "linux" }, {})).toBe(
    "no reaper at /nowhere/tini",
  );
  expect(underReaper("/nowhere/main.js", { ...NODE, platform: "darwin" }, {})).toBe(
    "the reaper exists for Linux only",
  );
});

/** Leaves a process behind that ends a second later, and says after three what became of it. */
const LEAVING = [
  "(sleep 1 & echo $! > left)",
  "sleep 3",
  `state=$(grep ^State /proc/$(cat left)/status 2>/dev/null || echo gone)`,
  `echo "left behind: $state"`,
].join("; ");

test("what the app leaves behind is a zombie under Node as process 1, and reaped under tini", async (context) => {
  const tini = await requireCapability(context, "tini");
  const unshare = await requireCapability(context, "processNamespace");
  const leave = async (reaper: string) => {
    const runtime = await startSupervised({
      argv: [LEAVING],
      startedBy: [unshare, ...NAMESPACE_OPTIONS],
      env: { OPSPEC_TINI: reaper },
      manifest: { app: { graceSeconds: 5, restart: { policy: "never" } } },
    });
    expect((await runtime.exited).code).toBe(0);
    return runtime.lines.map(({ msg }) => String(msg)).find((it) => it.startsWith("left behind"));
  };

  expect(await leave("/nowhere/tini")).toMatch(/Z \(zombie\)/);
  expect(await leave(tini)).toBe("left behind: gone");
});

test("signals reach the runtime through the reaper", async (context) => {
  const tini = await requireCapability(context, "tini");
  const runtime = await startSupervised({ env: { OPSPEC_TINI: tini } });
  await runtime.line("the app is up");

  runtime.signal("SIGTERM");

  expect((await runtime.exited).code).toBe(0);
  expect(runtime.lines.map(({ msg }) => msg)).toContain("app: told to end");
  expect(runtime.lines.map(({ msg }) => msg)).not.toContain(
    "what the app leaves behind may stay as zombies",
  );
});
