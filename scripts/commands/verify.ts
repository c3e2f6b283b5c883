import { loadStack } from "../../infra/stack.ts";
import { type Finding, renderFinding, renderTotals } from "../verify/finding.ts";
import { verifyWorkspace } from "../verify/verify-workspace.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import {
  type Command,
  EXIT,
  overlayOption,
  printJson,
  say,
  stackOf,
  stackOptions,
} from "./command.ts";

/** Runs the checklist. A check that could not run is reported as not checked, never as ok. */
export const verify: Command = {
  name: "verify",
  takesStack: true,
  usage: "<stack> [--overlay NAME] [--local] [--json]",
  summary: "Check that everything that was deployed exists and matches the spec.",
  options: { ...stackOptions, ...overlayOption },
  run: async (invocation) => {
    const stackName = stackOf(verify, invocation);
    const overlay = invocation.values["overlay"];
    const { model } = loadStack(stackName, overlay === undefined ? {} : { overlay });
    const workspace = await openWorkspace({
      stackName,
      local: invocation.flags["local"] ?? false,
      log: say,
    });
    try {
      const findings = await verifyWorkspace(model, workspace);
      if (invocation.flags["json"]) printJson({ stack: stackName, findings });
      else process.stdout.write(`${renderFindings(findings)}\n`);
      return findings.some((it) => it.status === "failed") ? EXIT.findings : EXIT.ok;
    } finally {
      await workspace.close();
    }
  },
};

/** Prints one line per finding, and the totals. */
export function renderFindings(findings: readonly Finding[]): string {
  return [...findings.map((it) => `  ${renderFinding(it)}`), `  ${renderTotals(findings)}`].join(
    "\n",
  );
}
