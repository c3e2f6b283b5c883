import type { PartialStackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";

/** The public https URL of a service with a custom domain. */
export function declaredUrl(spec: PartialStackSpec, service: string): string | undefined {
  const own = spec.services?.[service]?.domains?.[0];
  if (own !== undefined) return `https://${own}`;
  const edge = entriesOf(spec.edge?.domains).find(([, { to }]) => pointsTo(spec, to, service));
  return edge?.[1].host === undefined ? undefined : `https://${edge[1].host}`;
}

/** A DNS name points to a service, or to a VM with exactly one service that has a port. */
function pointsTo(
  spec: PartialStackSpec,
  to: { vm?: string | undefined; service?: string | undefined } | undefined,
  service: string,
): boolean {
  if (to === undefined) return false;
  if (to.vm === undefined) return to.service === service;
  return vmOf(spec, service) === to.vm && spec.services?.[service]?.port !== undefined;
}

/** The VM of a service or job; undefined on Render. */
export function vmOf(spec: PartialStackSpec, service: string): string | undefined {
  const target = spec.services?.[service];
  if (target?.type !== "container") return undefined;
  return target.vm ?? Object.keys(spec.vms ?? {})[0];
}
