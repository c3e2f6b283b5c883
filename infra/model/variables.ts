import type { PartialStackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";

/** The possible parts of a variable's value. */
export interface VariableParts {
  readonly value?: string | number | boolean | undefined;
  readonly secret?: string | undefined;
  readonly url?: string | undefined;
  readonly privateUrl?: string | undefined;
  readonly path?: string | undefined;
  readonly database?: string | undefined;
  readonly keyValue?: string | undefined;
  readonly property?: string | undefined;
  readonly buildTime?: boolean | undefined;
}

/** Blocks of the spec whose entries have an environment. */
export type EnvOwnerKind = "services" | "jobs" | "envGroups";

/** One environment variable of a spec, with its path. */
export interface Variable {
  readonly path: string;
  readonly owner: { readonly kind: EnvOwnerKind; readonly key: string };
  readonly name: string;
  readonly parts: VariableParts;
}

/** Every environment variable of a spec. */
export function variablesOf(spec: PartialStackSpec): Variable[] {
  return (["services", "jobs", "envGroups"] as const).flatMap((kind) =>
    entriesOf(spec[kind]).flatMap(([key, { env }]) =>
      entriesOf(env).map(([name, value]) => ({
        path: `${kind}/${key}/env/${name}`,
        owner: { kind, key },
        name,
        parts: partsOf(value),
      })),
    ),
  );
}

/** A value by its kind; plain text is in `value`. */
export function partsOf(value: string | number | boolean | VariableParts): VariableParts {
  return typeof value === "object" ? value : { value };
}

/** The variables of a process: those of its env groups, overridden by its own. */
export function effectiveEnv(
  spec: PartialStackSpec,
  owner: {
    readonly env?: object | undefined;
    readonly envGroups?: readonly (string | undefined)[] | undefined;
  },
): Map<string, VariableParts> {
  const groups = (owner.envGroups ?? []).map((key) =>
    key === undefined ? undefined : spec.envGroups?.[key]?.env,
  );
  const entries = [...groups, owner.env].flatMap((env) =>
    Object.entries(env ?? {}).filter(([, value]) => value !== undefined),
  );
  return new Map(entries.map(([name, value]) => [name, partsOf(value)]));
}

/** The variables of a cron job that runs its job itself: those of the service in `like`, overridden by its own. */
export function cronJobEnv(
  spec: PartialStackSpec,
  job: Pick<
    NonNullable<NonNullable<PartialStackSpec["jobs"]>[string]>,
    "like" | "env" | "envGroups"
  >,
): Map<string, VariableParts> {
  const like = job.like === undefined ? undefined : spec.services?.[job.like];
  const envGroups = job.envGroups ?? like?.envGroups;
  return effectiveEnv(spec, { env: { ...like?.env, ...job.env }, envGroups });
}
