import * as pulumi from "@pulumi/pulumi";

/** The referable properties of one resource, by the spec's names. */
type Addresses<Property extends string> = Readonly<
  Partial<Record<Property, pulumi.Output<string>>>
>;

/**
 * Addresses of resources, available before and after their registration.
 *
 * So the order of registration does not matter: a reference waits for its resource. The model has
 * checked that references have no cycle and that every key and property exists.
 */
export class Registry<Property extends string> {
  readonly #waiting = new Map<string, PromiseWithResolvers<Addresses<Property>>>();

  set(key: string, addresses: Addresses<Property>): void {
    this.#of(key).resolve(addresses);
  }

  get(key: string, property: Property): pulumi.Output<string> {
    return pulumi.output(this.#of(key).promise.then((it) => addressOf(it[property], key)));
  }

  #of(key: string): PromiseWithResolvers<Addresses<Property>> {
    const known = this.#waiting.get(key);
    if (known) return known;
    const made = Promise.withResolvers<Addresses<Property>>();
    this.#waiting.set(key, made);
    return made;
  }
}

function addressOf(address: pulumi.Output<string> | undefined, key: string): pulumi.Output<string> {
  if (address) return address;
  throw new Error(`unreachable: "${key}" has no such address`);
}
