import type { Json } from "./answer.ts";
import { memberAt } from "./answer.ts";
import type { ServiceTarget } from "./service-place.ts";

/** A list of a static site, which is replaced as a whole. */
export interface RuleList {
  readonly input: "headers" | "routes";
  readonly noun: "header" | "route";
  readonly members: readonly string[];
}

export const HEADERS: RuleList = {
  input: "headers",
  noun: "header",
  members: ["path", "name", "value"],
};

/** Routes are listed in the order in which they are tried. */
export const ROUTES: RuleList = {
  input: "routes",
  noun: "route",
  members: ["type", "source", "destination"],
};

/** The rules in the contract's form, without Render's ids. */
export async function readRules(
  { input, noun, members }: RuleList,
  { client, path, signal }: ServiceTarget,
): Promise<readonly Json[]> {
  const rules = await client.sharedList(`${path}/${input}`, noun, signal);
  return rules.map((rule) =>
    Object.fromEntries(members.map((member) => [member, memberAt(rule, [member])])),
  );
}

/** Replaces all rules. They take effect at once, without a deploy. */
export async function syncRules(
  { input }: RuleList,
  { client, path, signal }: ServiceTarget,
  wanted: Json,
): Promise<void> {
  await client.request({
    method: "PUT",
    path: `${path}/${input}`,
    body: wanted,
    doing: `set the ${input} of ${path}`,
    signal,
  });
}
