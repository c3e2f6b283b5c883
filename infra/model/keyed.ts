import type { KeyedModel } from "./value-model.ts";

/** What Pulumi is told about a keyed thing besides its inputs. */
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

/** The object without its undefined parts, so that a model holds what was decided and nothing else. */
export function given<T extends object>(parts: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Every undefined value is removed here, which the type above says.
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
