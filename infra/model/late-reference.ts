import type { PartialStackSpec } from "../spec/stack.ts";
import { declaredUrl } from "./address.ts";
import { variablesOf } from "./variables.ts";

/** A variable of a service that holds the URL of another service, or of itself. */
export interface Edge {
  readonly from: string;
  readonly variable: string;
  readonly to: string;
  /** The build needs the value, so it cannot be set after the service exists. */
  readonly isHard: boolean;
}

/** The variables that are set late, and the cycles that cannot be resolved. */
export interface ReferencePlan {
  readonly late: readonly Edge[];
  /** Services of each cycle in which every value is needed by a build. */
  readonly unresolvable: readonly (readonly string[])[];
}

/**
 * Decides which references of a cycle (web ↔ api) are set late.
 *
 * A URL is known once its service exists. So the services of a cycle are created one after the
 * other, and references to later ones are set afterwards. The order depends only on the keys: first
 * services that no build needs, then those with the fewest open references, then by key.
 */
export function planReferences(spec: PartialStackSpec): ReferencePlan {
  const edges = referenceEdges(spec);
  const plans = cycles(edges).map((members) => planCycle(members, edges));
  return {
    late: plans.flatMap((plan) => plan.late),
    unresolvable: plans.flatMap((plan) => plan.unresolvable),
  };
}

/** Every reference between services whose value is known only after the other one exists. */
export function referenceEdges(spec: PartialStackSpec): Edge[] {
  return variablesOf(spec).flatMap(({ owner, name, parts }) => {
    const to = parts.privateUrl ?? parts.url;
    if (owner.kind !== "services" || to === undefined || !spec.services?.[to]) return [];
    if (parts.url !== undefined && declaredUrl(spec, to) !== undefined) return [];
    return [{ from: owner.key, variable: name, to, isHard: parts.buildTime === true }];
  });
}

function planCycle(members: readonly string[], edges: readonly Edge[]): ReferencePlan {
  const inside = new Set(members);
  const open = new Map(members.map((key): [string, Edge[]] => [key, []]));
  for (const edge of edges) {
    if (inside.has(edge.from) && inside.has(edge.to)) open.get(edge.from)?.push(edge);
  }
  const incoming = Map.groupBy([...open.values()].flat(), (edge) => edge.to);
  const ready: string[] = [];
  const late: Edge[] = [];
  while (open.size > 0) {
    const next = ready.pop() ?? nextToMake(open);
    if (next === undefined) return { late, unresolvable: [[...open.keys()].toSorted()] };
    late.push(...(open.get(next) ?? []));
    open.delete(next);
    for (const { from } of incoming.get(next) ?? []) {
      const left = open.get(from)?.filter((it) => it.to !== next);
      if (!left) continue;
      open.set(from, left);
      if (left.length === 0 && !ready.includes(from)) ready.push(from);
    }
  }
  return { late, unresolvable: [] };
}

/** The next service: needed by no build, then with the fewest open references, then by key. */
function nextToMake(open: ReadonlyMap<string, readonly Edge[]>): string | undefined {
  let best: string | undefined;
  let fewest = Infinity;
  for (const [key, edges] of open) {
    if (edges.some((it) => it.isHard)) continue;
    const isBetter = edges.length < fewest || (edges.length === fewest && key < (best ?? ""));
    if (!isBetter) continue;
    best = key;
    fewest = edges.length;
  }
  return best;
}

/** Groups of services that refer to each other in a circle, and services that refer to themselves. */
function cycles(edges: readonly Edge[]): string[][] {
  const next = Map.groupBy(edges, (edge) => edge.from);
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];

  /** Tarjan's algorithm: a component is complete when its first member reaches no earlier one. */
  function close(key: string): void {
    if (lowest.get(key) !== order.get(key)) return;
    const group = stack.splice(stack.lastIndexOf(key));
    for (const member of group) onStack.delete(member);
    const isCircle = group.length > 1 || (next.get(key) ?? []).some((edge) => edge.to === key);
    if (isCircle) found.push(group);
  }

  /** An explicit stack, because a recursion of thousands of calls would overflow. */
  function visit(start: string): void {
    const way = [enter(start)];
    for (let step = way.at(-1); step; step = way.at(-1)) {
      const to = step.open.pop()?.to;
      if (to !== undefined && !order.has(to)) way.push(enter(to));
      else if (to !== undefined && onStack.has(to)) lower(step.key, to);
      else if (to === undefined) {
        way.pop();
        close(step.key);
        const before = way.at(-1);
        if (before && onStack.has(step.key)) lower(before.key, step.key);
      }
    }
  }

  function enter(key: string): { readonly key: string; readonly open: Edge[] } {
    lowest.set(key, order.size);
    order.set(key, order.size);
    stack.push(key);
    onStack.add(key);
    return { key, open: [...(next.get(key) ?? [])].toReversed() };
  }

  function lower(key: string, by: string): void {
    lowest.set(key, Math.min(lowest.get(key) ?? 0, lowest.get(by) ?? 0));
  }

  for (const key of [...next.keys()].toSorted()) if (!order.has(key)) visit(key);
  return found;
}
