import type { PartialStackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";
import { appServiceOf } from "./job-owner.ts";
import { isSupervised } from "./supervision.ts";
import { effectiveEnv, type Variable } from "./variables.ts";

/** A reference in one of the runtime's blocks, with its path. */
export interface RuntimeReference {
  readonly path: string;
  readonly kind: "database" | "keyValue" | "secret" | "env";
  readonly key: string;
  /** The process that reads it, if the spec names it. */
  readonly owner?: { readonly kind: "services" | "jobs"; readonly key: string };
}

const KINDS = ["database", "keyValue", "secret", "env"] as const;

/** References of alert channels, by channel. */
export function channelReferences(
  channels: NonNullable<PartialStackSpec["alerts"]>["channels"],
): (RuntimeReference & { readonly channel: string })[] {
  return entriesOf(channels).flatMap(([channel, part]) =>
    within(part, `alerts/channels/${channel}`).map((it) => ({ ...it, channel })),
  );
}

/** Everything that the blocks of the runtime refer to: stores, secrets and variables. */
export function runtimeReferences(spec: PartialStackSpec): RuntimeReference[] {
  const { toggles, caches, stores, alerts } = spec;
  const shared = entriesOf({ toggles, caches, stores, alerts });
  return [
    ...entriesOf(spec.services).flatMap(([key, service]) => {
      const { supervise, checks, metricsKey } = service;
      const parts = entriesOf({ supervise, checks, metricsKey, stores: service.stores });
      const owner = { kind: "services", key } as const;
      return parts.flatMap(([name, part]) => within(part, `services/${key}/${name}`, owner));
    }),
    ...entriesOf(spec.jobs).flatMap(([key, { appRuns, ping }]) =>
      entriesOf({ appRuns, ping }).flatMap(([name, part]) =>
        within(part, `jobs/${key}/${name}`, { kind: "jobs", key }),
      ),
    ),
    // Each process that uses the toggle reads the variable itself.
    ...shared.flatMap(([name, part]) => within(part, name)).filter((it) => it.kind !== "env"),
  ];
}

/** A block with exactly one reference key is a reference; other blocks are searched. */
function within(
  value: unknown,
  path: string,
  owner?: RuntimeReference["owner"],
): RuntimeReference[] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Object.entries(value);
  const [only] = entries;
  const kind = KINDS.find((it) => it === only?.[0]);
  if (kind && entries.length === 1 && typeof only?.[1] === "string") {
    return [{ path: `${path}/${kind}`, kind, key: only[1], ...(owner && { owner }) }];
  }
  return entries.flatMap(([key, child]) => within(child, `${path}/${key}`, owner));
}

/**
 * Variables that are added to services because their runtime uses a store to which no variable
 * refers. The rules for written variables apply to these too: the store must be reachable.
 */
export function addedVariables(spec: PartialStackSpec): Variable[] {
  const stack = runtimeReferences({ stores: spec.stores });
  const supervised = entriesOf(spec.services).filter(([, service]) => isSupervised(service));
  const uses = [
    ...runtimeReferences(spec).flatMap((it) => {
      const service = it.owner && serviceOf(spec, it.owner);
      return service === undefined ? [] : [{ ...it, service }];
    }),
    ...supervised.flatMap(([service]) => stack.map((it) => ({ ...it, service }))),
  ];
  const added = uses.flatMap(({ service, kind, key, path }): [string, Variable][] => {
    if (kind !== "database" && kind !== "keyValue") return [];
    const env = effectiveEnv(spec, spec.services?.[service] ?? {});
    if ([...env.values()].some((parts) => parts[kind] === key)) return [];
    const owner = { kind: "services", key: service } as const;
    return [[`${service} ${kind} ${key}`, { path, owner, name: kind, parts: { [kind]: key } }]];
  });
  return [...new Map(added.toReversed()).values()].toReversed();
}

/** The service whose process reads it. */
function serviceOf(
  spec: PartialStackSpec,
  { kind, key }: NonNullable<RuntimeReference["owner"]>,
): string | undefined {
  if (kind === "services") return key;
  const job = spec.jobs?.[key];
  return job && (job.in ?? job.calls ?? (job.by === "app" ? appServiceOf(spec, job) : undefined));
}
