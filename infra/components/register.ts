import * as pulumi from "@pulumi/pulumi";
import {
  type InputsOf,
  type OutputsOf,
  type ProviderContract,
  type ResourceContract,
  rulesOf,
} from "../resources/contract.ts";

/** A registered resource with the contract's outputs as properties. */
export type Registered<C extends ResourceContract> = pulumi.CustomResource & {
  readonly [K in keyof OutputsOf<C>]: pulumi.Output<OutputsOf<C>[K]>;
};

/**
 * Inputs that a component passes; any of them may be an output of another resource, at any depth.
 */
export type ResourceInputs<C extends ResourceContract> = pulumi.Inputs & {
  [K in keyof InputsOf<C>]: pulumi.Input<InputsOf<C>[K]> | DeepInput<InputsOf<C>[K]>;
};

type DeepInput<T> = T extends object ? { [K in keyof T]: pulumi.Input<T[K]> } : never;

/**
 * Registers a resource of a contract.
 *
 * `name` is the key in the spec and the resource's identity; another name is another resource.
 */
export function register<C extends ResourceContract>(
  contract: C,
  name: string,
  { inputs, options }: { inputs: ResourceInputs<C>; options: pulumi.CustomResourceOptions },
): Registered<C> {
  const outputs = Object.fromEntries(
    Object.keys(contract.outputs.shape).map((key) => [key, undefined]),
  );
  const secrets = secretOutputs(contract);
  const mark = contract.holds && options.protect ? { protectedBySpec: true } : {};
  return new ContractResource(
    contract.token,
    name,
    { ...inputs, ...mark, ...outputs },
    {
      ...options,
      protect: options.protect ?? protectsData(contract, inputs, options),
      ...(secrets.length > 0 && { additionalSecretOutputs: secrets }),
    },
  ) as Registered<C>;
}

/**
 * Whether the engine itself must refuse to delete the resource.
 *
 * `pulumi destroy` runs no program and deletes dependents first, so the plugin alone would refuse
 * too late: other resources would be gone.
 */
function protectsData(
  contract: ResourceContract,
  inputs: pulumi.Inputs,
  { retainOnDelete }: pulumi.CustomResourceOptions,
): boolean {
  const consents = inputs["allowDataLoss"] === true || retainOnDelete === true;
  return !consents && contract.holds?.(inputs) !== undefined;
}

/**
 * Registers a provider of one of our plugins, which reads the rest of its configuration from the
 * environment.
 */
export function registerProvider(
  contract: ProviderContract,
  inputs: pulumi.Inputs = {},
): pulumi.ProviderResource {
  return new ContractProvider(contract.name, contract.name, inputs);
}

class ContractResource extends pulumi.CustomResource {}

class ContractProvider extends pulumi.ProviderResource {}

function secretOutputs(contract: ResourceContract): string[] {
  return Object.entries(contract.outputs.shape)
    .filter(([, schema]) => rulesOf(schema).secret)
    .map(([key]) => key);
}
