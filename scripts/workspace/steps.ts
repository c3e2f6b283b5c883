import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";

/** One resource that an operation changes. */
export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Paths of the inputs that differ. */
  readonly fields: readonly string[];
  /** Those of them that the vendor cannot change in place. */
  readonly replaces: readonly string[];
}

/** What an operation changes, as scripts read it. `changes` is the number of steps. */
export interface Steps {
  readonly changes: number;
  readonly steps: readonly Step[];
}

/** The parts of a replacement; its `replace` step stands for all of them. */
const PARTS: ReadonlySet<string> = new Set(["create-replacement", "delete-replaced"]);

/** Ops that change nothing. */
const QUIET: ReadonlySet<string> = new Set(["same", "read", "refresh"]);

/**
 * The changes among an operation's events: one step a resource, none for what stays the same.
 *
 * A refresh says what it found in the outputs' event, everything else before the step.
 */
export function stepsOf(events: readonly EngineEvent[]): Steps {
  const refreshed = events.flatMap((it) =>
    it.resOutputsEvent ? [it.resOutputsEvent.metadata] : [],
  );
  const planned = events.flatMap((it) =>
    it.resourcePreEvent ? [it.resourcePreEvent.metadata] : [],
  );
  const isRefresh = planned.some((it) => it.op === "refresh");
  const steps = (isRefresh ? refreshed : planned)
    .map(changeOf)
    .filter((step): step is Step => step !== undefined);
  return { changes: steps.length, steps };
}

/** The change that one event stands for; none for what stays the same, and for what no vendor holds. */
export function changeOf(metadata: StepEventMetadata): Step | undefined {
  const { op, type } = metadata;
  const held = (metadata.new ?? metadata.old)?.custom === true && !type.startsWith("pulumi:");
  return held && !QUIET.has(op) && !PARTS.has(op) ? stepOf(metadata) : undefined;
}

/** A line for people: `~ update  render:CronJob digest-weekdays  schedule`. */
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
    name: urn.split("::").slice(3).join("::"),
    urn,
    fields: detailed.length > 0 ? detailed.map(([path]) => path) : (diffs ?? []),
    replaces: detailed.filter(([, it]) => it.diffKind.endsWith("replace")).map(([path]) => path),
  };
}

function shortType(type: string): string {
  return type.replace(":index:", ":");
}
