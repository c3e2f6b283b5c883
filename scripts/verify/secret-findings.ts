import type { EnvValue, SecretFileModel, StackModel } from "../../infra/model/stack-model.ts";
import type { Deployment } from "./deployment.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import type { ObservedStack, Texts } from "./observed.ts";

/**
 * Checks that a secret with several users has the same value at each.
 *
 * Values are compared here and never printed; a finding names places only.
 */
export function secretFindings(deployment: Deployment): Finding[] {
  const places = Map.groupBy(placesOf(deployment), (it) => it.secret);
  return deployment.model.secrets.flatMap(({ name }) => {
    const found = places.get(name) ?? [];
    return found.length < 2 ? [] : [sharedFinding(name, found, deployment)];
  });
}

/** One user of a secret with the value that it has. */
interface SecretLocation {
  readonly secret: string;
  /** Slash path of the spec: `services/web/env/API_KEY`. */
  readonly path: string;
  readonly value: string | undefined;
}

function sharedFinding(
  secret: string,
  places: readonly SecretLocation[],
  { optional }: Deployment,
): Finding {
  const check = `secret ${secret} is the same in ${places.length} places`;
  const set = places.filter((it) => it.value !== undefined && it.value !== "");
  if (set.length === 0 && optional.has(secret)) return unchecked(check, "it is not set");
  const missing = places.filter((it) => !set.includes(it));
  if (missing.length > 0)
    return finding(check, `it is missing in ${pathsOf(missing)}. Run opspec up.`);
  const groups = [...Map.groupBy(set, (it) => it.value).values()];
  const [most = [], ...others] = groups.toSorted((a, b) => b.length - a.length);
  return finding(
    check,
    others.length === 0
      ? undefined
      : `${pathsOf(others.flat())} differs from ${pathsOf(most)}. Run opspec up.`,
  );
}

/** Users that exist; a missing resource has its own finding. */
function placesOf({ model, observed }: Deployment): SecretLocation[] {
  return ownersOf(model, observed).flatMap(({ path, declared, actual }) => [
    ...Object.entries({ ...declared.env, ...declared.lateEnv }).flatMap(([name, value]) =>
      value.kind === "secret"
        ? [{ secret: value.secret, path: `${path}/env/${name}`, value: actual.env[name] }]
        : [],
    ),
    ...(declared.secretFiles ?? []).flatMap(({ name, secret }) =>
      secret === undefined
        ? []
        : [{ secret, path: `${path}/secretFiles/${name}`, value: actual.secretFiles[name] }],
    ),
  ]);
}

interface Owner {
  readonly path: string;
  readonly declared: {
    readonly env: Readonly<Record<string, EnvValue>>;
    readonly lateEnv?: Readonly<Record<string, EnvValue>>;
    readonly secretFiles?: readonly SecretFileModel[];
  };
  readonly actual: { readonly env: Texts; readonly secretFiles: Texts };
}

function ownersOf(model: StackModel, observed: ObservedStack): Owner[] {
  const kinds = [
    ["services", [...model.services, ...model.staticSites], observed.services],
    ["jobs", model.jobs, observed.jobs],
    ["envGroups", model.envGroups, observed.envGroups],
  ] as const;
  return kinds.flatMap(([kind, declared, found]) =>
    declared.flatMap((it) => {
      const actual = found[it.key];
      return actual ? [{ path: `${kind}/${it.key}`, declared: it, actual }] : [];
    }),
  );
}

function pathsOf(places: readonly SecretLocation[]): string {
  return places.map((it) => it.path).join(", ");
}
