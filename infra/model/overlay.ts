import type { OverlaySpec } from "../spec/overlay.ts";
import type { StackSpec } from "../spec/stack.ts";

/**
 * The spec with the values of an overlay. Only variables change, so that a deploy during an
 * incident has no other effect.
 */
export function applyOverlay(spec: StackSpec, name: string): StackSpec {
  const overlay = spec.overlays?.[name];
  if (!overlay) return spec;
  return {
    ...spec,
    services: withValues(spec.services, overlay, overlay.services),
    // A group is shared, so an overlay for some services must not change it for the others.
    ...(overlay.services ? {} : { envGroups: withValues(spec.envGroups, overlay, undefined) }),
    jobs: withValues(spec.jobs, overlay, overlay.services),
  };
}

function withValues<Owner extends { env?: StackEnv | undefined }>(
  owners: Record<string, Owner> | undefined,
  overlay: OverlaySpec,
  only: readonly string[] | undefined,
): Record<string, Owner> | undefined {
  if (!owners) return undefined;
  const entries = Object.entries(owners).map(([key, owner]): [string, Owner] => {
    if (!owner.env || (only && !only.includes(key))) return [key, owner];
    const changed = Object.entries(overlay.env).filter(([name]) => owner.env?.[name] !== undefined);
    return [key, { ...owner, env: { ...owner.env, ...Object.fromEntries(changed) } }];
  });
  return Object.fromEntries(entries);
}

type StackEnv = NonNullable<NonNullable<StackSpec["services"]>[string]["env"]>;
