import { spawn } from "node:child_process";
import { isAbsolute, join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** The static checks: a name, and the command whose exit code is the result. */
const STEPS: readonly (readonly [name: string, tool: string, ...args: string[]])[] = [
  ["types", "tsc", "--noEmit"],
  ["types of the page", "tsc", "--project", "runtime/src/ops/page/console"],
  ["lint", "oxlint", "--deny-warnings"],
  ["format", "oxfmt", "--check", "."],
  [
    "import rules",
    "depcruise",
    "--config",
    ".dependency-cruiser.cjs",
    "infra",
    "runtime",
    "scripts",
    "tests",
  ],
  ["dead code", "knip"],
  ["generated files", process.execPath, "scripts/generate.ts", "--check"],
];

/** How many steps passed and failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Runs every step, also after one failed, and prints the output of those that failed. */
export async function runChecks(log: (line: string) => void): Promise<Tally> {
  const results = await Promise.all(
    STEPS.map(async ([name, tool, ...args]) => {
      const startMs = performance.now();
      const { passed, output } = await runTool(tool, args);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      log(`${passed ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
      if (!passed) log(output.trimEnd());
      return passed;
    }),
  );
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed };
}

async function runTool(
  tool: string,
  args: readonly string[],
): Promise<{ passed: boolean; output: string }> {
  const program = isAbsolute(tool) ? tool : join(ROOT, "node_modules", ".bin", tool);
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => (output += data.toString()));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { passed: code === 0, output };
}
