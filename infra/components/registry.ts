import * as pulumi from "@pulumi/pulumi";

/** What can be referred to of one thing, by the names that a spec uses. */
type Addresses<Property extends string> = Readonly<
  Partial<Record<Property, pulumi.Output<string>>>
>;

/**
 * Addresses of what is registered, to be asked for before or after it is.
 *
 * So the order in which resources are registered does not matter: whoever refers to another waits
 * for it. The model has made sure that there is no circle, and that every key and property exists.
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
