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

/** The checklist, executed. What could not be looked at is said, and never counted as good. */
export const verify: Command = {
  name: "verify",
  takesStack: true,
  usage: "<stack> [--overlay NAME] [--local] [--json]",
  summary: "Check that what was deployed is there and right.",
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

/** The findings for people, a line each, with their totals. */
export function renderFindings(findings: readonly Finding[]): string {
  return [...findings.map((it) => `  ${renderFinding(it)}`), `  ${renderTotals(findings)}`].join(
    "\n",
  );
}
