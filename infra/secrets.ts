import * as pulumi from "@pulumi/pulumi";
import type { SecretModel } from "./model/stack-model.ts";

/** The secrets of a stack; the one place where their values are known to the program. */
export interface Secrets {
  /** The value, always marked secret; `undefined` where an optional secret is not set. */
  valueOf(name: string): pulumi.Output<string> | undefined;
}

export interface SecretsOptions {
  /** The environment in which values are looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gives a value to what is missing, for a cloud that runs nothing: an obvious placeholder. */
  readonly placeholder?: (name: string) => string;
  /** Told which secrets got a placeholder. */
  readonly onPlaceholders?: (names: readonly string[]) => void;
}

interface Generation extends SecretsOptions {
  readonly generate: (secret: { name: string; bytes: number }) => pulumi.Output<string>;
}

/**
 * Finds the value of every secret: Pulumi's encrypted config, then the environment, then one
 * generated for the stack.
 *
 * @throws RunError naming every required secret that is missing, with what uses it
 */
export function resolveSecrets(models: readonly SecretModel[], options: Generation): Secrets {
  const given = models.map(
    (model) => [model, givenValue(model.name, options.environment)] as const,
  );
  const missing = given
    .filter(([model, value]) => value === undefined && model.generateBytes === undefined)
    .map(([model]) => model);
  report(missing, options);
  const values = new Map(
    given.map(([model, value]) => [model.name, value ?? made(model, options)] as const),
  );
  return { valueOf: (name) => values.get(name) };
}

function givenValue(
  name: string,
  environment: SecretsOptions["environment"],
): pulumi.Output<string> | undefined {
  const configured = new pulumi.Config("opspec").getSecret(name);
  if (configured) return configured;
  const value = environment[`OPSPEC_SECRET_${name}`] ?? environment[name];
  return value === undefined ? undefined : pulumi.secret(value);
}

function made(model: SecretModel, options: Generation): pulumi.Output<string> | undefined {
  if (model.generateBytes !== undefined) {
    return options.generate({ name: model.name, bytes: model.generateBytes });
  }
  return options.placeholder && pulumi.secret(options.placeholder(model.name));
}

function report(missing: readonly SecretModel[], options: SecretsOptions): void {
  if (options.placeholder) {
    if (missing.length > 0) options.onPlaceholders?.(missing.map((it) => it.name));
    return;
  }
  const required = missing.filter((it) => it.required === true);
  if (required.length > 0) {
    const lines = required.map(
      (it) => `  ${it.name}: is not set; used by ${it.usedBy.join(", ")}.`,
    );
    throw new pulumi.RunError(
      [
        `secrets: ${required.length} missing`,
        ...lines,
        `  Set each with: pulumi config set --secret NAME, or OPSPEC_SECRET_NAME in the environment.`,
      ].join("\n"),
    );
  }
  const warned = missing.filter((it) => it.required === "warn");
  for (const { name, usedBy } of warned) {
    pulumi.log.warn(`secret ${name} is not set; ${usedBy.join(", ")} go without it.`);
  }
}
