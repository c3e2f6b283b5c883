import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

const KEYED = ["services", "jobs", "databases", "keyValues", "envGroups", "registries"] as const;

/** Refuses a previous key that is still in use, and overlays of variables that do not exist. */
export function validateLife(spec: PartialStackSpec): Problem[] {
  return [...formerKeys(spec), ...overlays(spec)];
}

function formerKeys(spec: PartialStackSpec): Problem[] {
  return KEYED.flatMap((collection) => {
    const known = spec[collection] ?? {};
    const claimed = new Map<string, string>();
    return entriesOf<{ formerly?: string | readonly (string | undefined)[] | undefined }>(
      known,
    ).flatMap(([key, { formerly }]) =>
      [formerly].flat().flatMap((former) => {
        if (former === undefined) return [];
        const path = `${collection}/${key}/formerly`;
        const other = claimed.get(former);
        claimed.set(former, key);
        if (Object.hasOwn(known, former)) {
          return [
            { path, message: `"${former}" is still a key here.`, remedy: "Remove one of the two." },
          ];
        }
        if (other === undefined) return [];
        return [
          {
            path,
            message: `"${former}" became "${other}" already.`,
            remedy: "Only one key can keep the resource.",
          },
        ];
      }),
    );
  });
}

function overlays(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.overlays).flatMap(([key, { env, services }]) => {
    const known = new Set([
      ...entriesOf(spec.services)
        .filter(([service]) => services === undefined || services.includes(service))
        .flatMap(([, service]) => Object.keys(service.env ?? {})),
      ...(services === undefined
        ? entriesOf(spec.envGroups).flatMap(([, group]) => Object.keys(group.env ?? {}))
        : []),
      ...entriesOf(spec.jobs).flatMap(([, job]) => Object.keys(job.env ?? {})),
    ]);
    return Object.keys(env ?? {}).flatMap((name) => {
      const path = `overlays/${key}/env/${name}`;
      if (spec.secrets?.[name]) {
        return [
          {
            path,
            message: "is a secret, and overlays are stored in clear text.",
            remedy: "Set the secret instead.",
          },
        ];
      }
      if (known.has(name)) return [];
      return [
        {
          path,
          message: "has no effect: no service sets it.",
          remedy: "Set its usual value in the service, or correct the name.",
        },
      ];
    });
  });
}
