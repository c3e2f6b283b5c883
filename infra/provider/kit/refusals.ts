import type { ResourceContract } from "../../resources/contract.ts";
import type { CheckFailure } from "./check.ts";
import { type Change, diff, renderChange } from "./diff.ts";
import { type PathStep, type Tree, type TreeObject, Unknown, isObject } from "./property-tree.ts";

/**
 * The environment variable with which a check reports its refusals and does not fail.
 *
 * The engine ends at the first failed check. `opspec preview` and `opspec up` collect every refusal
 * of a plan before anything is changed.
 */
export const REPORT_VARIABLE = "OPSPEC_REPORT_REFUSALS";

/** How such a report begins, so that it differs from the engine's own errors of the resource. */
export const REFUSED = "refused: ";

/**
 * Changes that would lose data without consent, or that the vendor does not support.
 *
 * Both sides are revealed inputs. An unknown value is judged once it is known.
 */
export function refusals(
  contract: ResourceContract,
  olds: TreeObject,
  news: TreeObject,
): CheckFailure[] {
  const changes = diff(contract, olds, news).filter(
    ({ path }) => !(memberAt(news, path) instanceof Unknown),
  );
  const isReplaced = changes.some((it) => it.replaces);
  const consented = news["allowDataLoss"] === true;
  const held = contract.holds?.(olds);
  return changes.flatMap((change) => {
    const property = renderChange(change);
    if (change.shrinks && !isReplaced) {
      return [
        { property, reason: shrinkReason(change.shrinks, olds, { news, path: change.path }) },
      ];
    }
    const lost = change.replaces ? held : change.loses;
    if (consented || lost === undefined) return [];
    return [{ property, reason: lossReason(change, lost) }];
  });
}

function lossReason({ kind, replaces }: Change, lost: string): string {
  const what = kind === "delete" ? "removing it" : "changing it";
  const how = replaces ? `${what} replaces the resource (${replaces}), which` : what;
  return `${how} loses ${lost}. Restore it, or take a backup and consent with allowDataLoss: true.`;
}

function shrinkReason(
  why: string,
  olds: TreeObject,
  { news, path }: { news: TreeObject; path: readonly PathStep[] },
): string {
  const [old, now] = [memberAt(olds, path), memberAt(news, path)];
  return `${why}, and it has ${String(old)}, got ${String(now)}. Set it to ${String(old)} or more.`;
}

function memberAt(tree: Tree, path: readonly PathStep[]): Tree | undefined {
  return path.reduce<Tree | undefined>((at, step) => {
    if (at instanceof Unknown) return at;
    if (Array.isArray(at) && typeof step === "number") return at[step] as Tree | undefined;
    return isObject(at) ? at[String(step)] : undefined;
  }, tree);
}
