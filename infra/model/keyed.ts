import type { KeyedModel } from "./value-model.ts";

/** The Pulumi options of a resource with a key. */
export function modelKeyed(
  key: string,
  spec: { formerly?: string | string[] | undefined; pulumi?: KeyedModel["pulumi"] },
): KeyedModel {
  return {
    key,
    ...(spec.formerly === undefined ? {} : { formerly: [spec.formerly].flat() }),
    ...(spec.pulumi === undefined ? {} : { pulumi: spec.pulumi }),
  };
}

/** The object without its undefined members. */
export function given<T extends object>(parts: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // All undefined members are removed, as the return type says.
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
