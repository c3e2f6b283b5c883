import { SpecError, UsageError } from "../infra/errors.ts";
import type { RunOptions } from "../infra/local-cloud/run/run-source.ts";
import type { LoadedStack } from "../infra/stack.ts";
import { EXIT } from "./commands/command.ts";
import { interrupted } from "./commands/cloud.ts";
import { renderFindings } from "./commands/verify.ts";
import { prepareSample, SAMPLE } from "./sample/prepare.ts";
import type { LiveSample } from "./sample/tour.ts";
import type { Workspace } from "./workspace/workspace.ts";

/**
 * Shows the main job on a fresh clone: local cloud, preview, up, verify, and a summary.
 *
 * The sample is built and started; another stack is only deployed. Without `--once` the local cloud
 * and the sample run until Ctrl-C.
 */
async function start(args: readonly string[]): Promise<number> {
  const once = args.includes("--once");
  const [stackName = SAMPLE, ...rest] = args.filter((it) => it !== "--once");
  if (rest.length > 0 || stackName.startsWith("-")) {
    throw new UsageError(
      `npm start: unknown argument ${rest[0] ?? stackName}. Usage: npm start [-- <stack>] [-- --once]`,
    );
  }
  say(`Opspec: ${stackName} on the local cloud, with the real Pulumi engine.`);
  const { loadStack } = await import("../infra/stack.ts");
  const loaded = loadStack(stackName);
  const sources = stackName === SAMPLE ? await sampleSources(loaded) : undefined;

  const { openWorkspace } = await import("./workspace/workspace.ts");
  const workspace = await openWorkspace({
    stackName,
    local: true,
    log: say,
    ...(sources && { sources }),
  });
  // From here on Ctrl-C shuts down gracefully, so that no process is left behind.
  const ending = interrupted();
  try {
    const work = deployAndVerify(loaded, workspace, sources !== undefined);
    const failed = await Promise.race([work, ending.then(() => false)]);
    if (failed || once) return failed ? EXIT.findings : EXIT.ok;
    say(
      `\nThe local cloud keeps running: ${pageOf(workspace.renderHost)}  (Ctrl-C stops it; the state is kept)`,
    );
    if (sources) say(`The sample keeps running: ${(await sampleOf(workspace)).url}/`);
    await ending;
    return EXIT.ok;
  } finally {
    await workspace.close();
  }
}

async function sampleSources({ spec }: LoadedStack): Promise<RunOptions["sources"] | undefined> {
  const sources = await prepareSample(spec, say);
  if (typeof sources !== "string") return sources;
  say(`The sample is deployed but does not run: ${sources}.`);
  return undefined;
}

async function deployAndVerify(
  { model }: LoadedStack,
  workspace: Workspace,
  isRun: boolean,
): Promise<boolean> {
  const { renderOutcome, renderTotal } = await import("./workspace/operation.ts");
  const { planChanges } = await import("./workspace/plan.ts");
  const { deployChanges } = await import("./workspace/deploy.ts");
  const { verifyWorkspace } = await import("./verify/verify-workspace.ts");
  const { renderStack } = await import("./workspace/stack-summary.ts");

  say("\nPreview");
  const preview = await planChanges(workspace.stack, say);
  say(renderOutcome(preview));
  if (preview.failure) return true;

  say("\nUp");
  const up = await deployChanges(workspace.stack, { refresh: true }, say);
  say(up.failure ? renderOutcome(up) : renderTotal(up));
  if (up.failure) return true;
  if (isRun) await tour(workspace);

  say("\nVerify");
  const findings = await verifyWorkspace(model, workspace);
  say(renderFindings(findings));

  say("\nWhat now exists");
  say(renderStack(model, await workspace.stack.outputs(), new Date()));
  return findings.some((it) => it.status === "failed");
}

async function tour(workspace: Workspace): Promise<void> {
  const { showSample } = await import("./sample/tour.ts");
  await showSample(await sampleOf(workspace), say);
}

async function sampleOf(workspace: Workspace): Promise<LiveSample> {
  const { findSample } = await import("./sample/tour.ts");
  return findSample(workspace);
}

function pageOf(renderHost: string): string {
  return new URL("/", renderHost).href;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SpecError) && !(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.usage;
}
