import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import type { Step } from "./step.ts";
import { parseUrn } from "../../infra/resources/urn.ts";
import { changedGroups, stepWords } from "./step-words.ts";

/** The JSON form of an operation's steps. `changes` is their number. */
export interface Steps {
  readonly changes: number;
  readonly steps: readonly Step[];
}

/** Ops that are part of a replacement; the `replace` step represents them. */
const PARTS: ReadonlySet<string> = new Set(["create-replacement", "delete-replaced"]);

/** Ops that change nothing. */
const QUIET: ReadonlySet<string> = new Set(["same", "read", "refresh"]);

/**
 * Collects one step per changed resource from an operation's events.
 *
 * A refresh reports what it found in the outputs event; other operations report before the step.
 */
export function stepsOf(events: readonly EngineEvent[]): Steps {
  const refreshed = events.flatMap((it) =>
    it.resOutputsEvent ? [it.resOutputsEvent.metadata] : [],
  );
  const planned = events.flatMap((it) =>
    it.resourcePreEvent ? [it.resourcePreEvent.metadata] : [],
  );
  const isRefresh = planned.some((it) => it.op === "refresh");
  const changed = isRefresh ? refreshed : planned;
  // A refresh changes nothing, so it has no effect to describe.
  const onlyLooks = isRefresh && planned.every((it) => it.op === "refresh");
  const groups = changedGroups(changed);
  const steps = changed.flatMap((metadata) => {
    const step = changeOf(metadata);
    if (!step) return [];
    const says = onlyLooks ? [] : stepWords(step, metadata, groups);
    return [says.length > 0 ? { ...step, says } : step];
  });
  return { changes: steps.length, steps };
}

/** The step of one event; none for unchanged resources and for components. */
export function changeOf(metadata: StepEventMetadata): Step | undefined {
  const { op, type } = metadata;
  const held = (metadata.new ?? metadata.old)?.custom === true && !type.startsWith("pulumi:");
  return held && !QUIET.has(op) && !PARTS.has(op) ? stepOf(metadata) : undefined;
}

/** Renders one line: `~ update  render:CronJob digest-weekdays  schedule`. */
export function renderStep({ op, type, name, fields, replaces }: Step): string {
  const shown = fields.map((field) => (replaces.includes(field) ? `${field} (replaces)` : field));
  const line = `${SIGNS[op] ?? "?"} ${op.padEnd(8)} ${shortType(type)} ${name}`;
  return shown.length > 0 && op !== "create" ? `${line}  ${shown.join(", ")}` : line;
}

const SIGNS: Readonly<Record<string, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  import: "=",
};

function stepOf({ op, type, urn, detailedDiff, diffs }: StepEventMetadata): Step {
  const detailed = Object.entries(detailedDiff ?? {});
  return {
    op,
    type,
    name: parseUrn(urn).name,
    urn,
    fields: detailed.length > 0 ? detailed.map(([path]) => path) : (diffs ?? []),
    replaces: detailed.filter(([, it]) => it.diffKind.endsWith("replace")).map(([path]) => path),
  };
}

function shortType(type: string): string {
  return type.replace(":index:", ":");
}
