import { SpecError, UsageError } from "../infra/errors.ts";
import type { StackModel } from "../infra/model/stack-model.ts";
import { EXIT } from "./commands/command.ts";
import { interrupted } from "./commands/cloud.ts";
import { renderFindings } from "./commands/verify.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** The stack that a newcomer sees. */
const FIRST_STACK = "vega-cockpit";

/**
 * The main job from a fresh clone: local cloud, preview, deploy, verify, and what now exists.
 *
 * Without `--once` it keeps the local cloud and its page until Ctrl-C.
 */
async function start(args: readonly string[]): Promise<number> {
  const once = args.includes("--once");
  const [stackName = FIRST_STACK, ...rest] = args.filter((it) => it !== "--once");
  if (rest.length > 0 || stackName.startsWith("-")) {
    throw new UsageError(
      `npm start: unknown argument ${rest[0] ?? stackName}. Usage: npm start [-- <stack>] [-- --once]`,
    );
  }
  say(`Opspec: ${stackName} on the local cloud, with the real Pulumi engine.`);
  const { loadStack } = await import("../infra/stack.ts");
  const { model } = loadStack(stackName);

  const { openWorkspace } = await import("./workspace/workspace.ts");
  const workspace = await openWorkspace({ stackName, local: true, log: say });
  try {
    const failed = await deployAndVerify(model, workspace);
    if (failed || once) return failed ? EXIT.findings : EXIT.ok;
    say(
      `\nThe local cloud stays up: ${pageOf(workspace.renderHost)}  (Ctrl-C ends it; the state is kept)`,
    );
    await interrupted();
    return EXIT.ok;
  } finally {
    await workspace.close();
  }
}

async function deployAndVerify(model: StackModel, workspace: Workspace): Promise<boolean> {
  const { carryOut, renderOutcome, renderTotal } = await import("./workspace/operation.ts");
  const { verifyWorkspace } = await import("./verify/verify-workspace.ts");
  const { renderStack } = await import("./workspace/stack-summary.ts");

  say("\nPreview");
  const preview = await carryOut((options) => workspace.stack.preview(options), say);
  say(renderOutcome(preview));
  if (preview.failure) return true;

  say("\nUp");
  const up = await carryOut((options) => workspace.stack.up({ ...options, refresh: true }), say);
  say(up.failure ? renderOutcome(up) : renderTotal(up));
  if (up.failure) return true;

  say("\nVerify");
  const findings = await verifyWorkspace(model, workspace);
  say(renderFindings(findings));

  say("\nWhat now exists");
  say(renderStack(model, await workspace.stack.outputs(), new Date()));
  return findings.some((it) => it.status === "failed");
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
