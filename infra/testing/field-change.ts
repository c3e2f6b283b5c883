import { type ResourceContract, rulesOf } from "../resources/contract.ts";
import type { StateResource } from "./out-of-band.ts";

/** The effect of a changed input, from its contract. */
export type Effect = "in place" | "replaces" | "nothing";

/** A declared input with a different value. */
export interface FieldChange {
  readonly field: string;
  readonly value: unknown;
  readonly effect: Effect;
  /** The contract's reason for a replacement. */
  readonly reason?: string;
}

/** An input without a different valid value, and the reason. */
export interface FixedField {
  readonly field: string;
  readonly why: string;
}

type Inputs = Readonly<Record<string, unknown>>;

/** Every declared input of a resource, with a change or the reason why there is none. */
export function changesOf({ contract, inputs }: { contract: ResourceContract; inputs: Inputs }): {
  readonly changes: FieldChange[];
  readonly fixed: FixedField[];
} {
  const changes: FieldChange[] = [];
  const fixed: FixedField[] = [];
  for (const [field, value] of Object.entries(inputs)) {
    const why = whyFixed(field, inputs);
    if (why) fixed.push({ field, why });
    else changes.push({ field, value: otherValue(field, value), ...effectOf(contract, field) });
  }
  return { changes, fixed };
}

function effectOf(
  contract: ResourceContract,
  field: string,
): Pick<FieldChange, "effect" | "reason"> {
  const schema = contract.inputs.shape[field];
  if (!schema) throw new Error(`${contract.token} ${field}: is declared and not in its contract`);
  const { uncompared, replaces } = rulesOf(schema);
  if (uncompared) return { effect: "nothing" };
  return replaces === undefined ? { effect: "in place" } : { effect: "replaces", reason: replaces };
}

/** Why the other inputs allow no different value of an input. */
function whyFixed(field: string, inputs: Inputs): string | undefined {
  if (field === "runtime" && !NATIVE_RUNTIMES.includes(String(inputs[field]))) {
    return `another runtime than ${String(inputs[field])} needs other fields to build and start it`;
  }
  return undefined;
}

/** Runtimes that need the same fields. */
const NATIVE_RUNTIMES = ["python", "node"];

/** The next value of an enumeration. */
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  runtime: NATIVE_RUNTIMES,
  autoDeployTrigger: ["commit", "checksPass", "off"],
  previews: ["off", "manual", "automatic"],
  persistenceMode: ["off", "snapshot", "journal_snapshot"],
  registry: ["GITHUB", "GITLAB", "DOCKER", "GOOGLE_ARTIFACT", "AWS_ECR"],
  version: ["17", "18"],
  maxShutdownDelaySeconds: [30, 300],
};

/** Changes of inputs with a special format. */
const SHAPED: Readonly<Record<string, (declared: never) => unknown>> = {
  disk: ({ name, mountPath, sizeGb }: { name: string; mountPath: string; sizeGb: number }) => ({
    name: `${name}-changed`,
    mountPath: `${mountPath}/changed`,
    sizeGb: sizeGb + 1,
  }),
  autoscaling: (declared: { max: number }) => ({ ...declared, max: declared.max + 1 }),
  buildFilter: (declared: { paths: string[] }) => ({
    ...declared,
    paths: [...declared.paths, "changed/**"],
  }),
  // Sizes are steps of 5 GB.
  diskSizeGb: (gb: number) => (gb === 1 ? 5 : gb + 5),
  ipAllowList: () => [{ cidr: "192.0.2.0/24", description: "changed" }],
  headers: () => [{ path: "/changed", name: "X-Changed", value: "changed" }],
  routes: () => [{ type: "redirect", source: "/changed", destination: "/" }],
};

function otherValue(field: string, declared: unknown): unknown {
  const choices = CHOICES[field];
  if (choices) return choices[(choices.indexOf(declared) + 1) % choices.length];
  const shaped = SHAPED[field];
  return shaped ? shaped(declared as never) : otherPlain(declared);
}

/** Different values: of a list or record one for each member, and one with an additional member. */
function otherPlain(declared: unknown): unknown {
  if (typeof declared === "string") return `${declared}-changed`;
  if (typeof declared === "number") return declared + 1;
  if (typeof declared === "boolean") return !declared;
  if (Array.isArray(declared)) return [...declared.map(otherPlain), "changed"];
  const members = Object.entries(declared as object).map(([key, value]) => [
    key,
    otherPlain(value),
  ]);
  return { ...Object.fromEntries(members), changed: "changed" };
}

/** The inputs of an exported state as plain values: it writes a secret as an object with its `plaintext` in JSON. */
export function plainInputs({ inputs = {} }: StateResource): Inputs {
  return JSON.parse(JSON.stringify(inputs), (_key, value: unknown) =>
    typeof value === "object" && value !== null && "plaintext" in value
      ? (JSON.parse(String(value.plaintext)) as unknown)
      : value,
  ) as Inputs;
}
