import { parseDuration } from "@opspec/runtime/schedule";
import type { SecretSpec } from "../spec/secret.ts";
import type { StackSpec } from "../spec/stack.ts";
import { TOKEN_BYTES } from "./defaults.ts";
import { CALL_TOKEN, OPS_TOKEN } from "@opspec/runtime/contract";
import { given } from "./keyed.ts";
import type { SecretModel, StackModel } from "./stack-model.ts";
import type { EnvValue, SecretFileModel } from "./value-model.ts";

/** The parts of a model that may use secrets. */
export type SecretUsers = Pick<
  StackModel,
  "services" | "staticSites" | "containers" | "jobs" | "envGroups" | "registries" | "vms"
>;

/** Declared secrets and those of the runtime, with their users. */
export function modelSecrets(spec: StackSpec, users: SecretUsers): SecretModel[] {
  const usedBy = Map.groupBy(collectUses(users), (use) => use.secret);
  const pathsOf = (name: string): string[] => (usedBy.get(name) ?? []).map((use) => use.path);
  const declared = Object.entries(spec.secrets ?? {}).map(([name, secret]) =>
    modelSecret(name, secret, pathsOf(name)),
  );
  const tokens = RUNTIME_TOKENS.filter((name) => usedBy.has(name) && !spec.secrets?.[name]);
  return [...declared, ...tokens.map((name) => runtimeToken(name, pathsOf(name)))];
}

/** Tokens of the runtime. They are generated. */
const RUNTIME_TOKENS = [CALL_TOKEN, OPS_TOKEN];

function runtimeToken(name: string, usedBy: string[]): SecretModel {
  return { name, required: false, generateBytes: TOKEN_BYTES, usedBy };
}

function modelSecret(name: string, secret: SecretSpec, usedBy: string[]): SecretModel {
  const { generate, maxAge } = secret;
  return {
    name,
    required: secret.required ?? true,
    ...given({
      generateBytes: generate?.bytes,
      rotation: generate?.rotation === undefined ? undefined : String(generate.rotation),
      aliases: secret.aliases,
      command: secret.from?.command,
      minLength: secret.minLength,
      weak: secret.weak,
      maxAgeSeconds: maxAge === undefined ? undefined : parseDuration(maxAge),
      rotated: secret.rotated,
    }),
    usedBy,
  };
}

interface SecretUse {
  readonly secret: string;
  readonly path: string;
}

function collectUses(users: SecretUsers): SecretUse[] {
  return [
    ...users.services.flatMap((it) => usesOf(`services/${it.key}`, it)),
    ...users.staticSites.flatMap((it) => usesOf(`services/${it.key}`, it)),
    ...users.containers.flatMap((it) =>
      usesOf(`services/${it.key}`, { env: it.env, secretFiles: it.files }),
    ),
    ...users.jobs.flatMap((it) => usesOf(`jobs/${it.key}`, it)),
    ...users.envGroups.flatMap((it) => usesOf(`envGroups/${it.key}`, it)),
    ...users.registries.map((it) => ({
      secret: it.tokenSecret,
      path: `registries/${it.key}/token`,
    })),
    ...users.vms.map((it) => ({ secret: it.keySecret, path: `vms/${it.key}/key` })),
  ];
}

function usesOf(
  path: string,
  owner: {
    env: Readonly<Record<string, EnvValue>>;
    secretFiles?: readonly SecretFileModel[] | undefined;
  },
): SecretUse[] {
  const env = Object.entries(owner.env).flatMap(([name, value]) =>
    value.kind === "secret" ? [{ secret: value.secret, path: `${path}/env/${name}` }] : [],
  );
  const files = (owner.secretFiles ?? []).flatMap(({ name, secret }) =>
    secret === undefined ? [] : [{ secret, path: `${path}/secretFiles/${name}` }],
  );
  return [...env, ...files];
}
