import type { StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { parseUrn } from "../../infra/resources/urn.ts";
import type { StateResource } from "./data-consent.ts";

/**
 * Why new resources cannot be created before others are deleted: both have a name or a domain.
 *
 * The engine deletes last. A service whose key changed without `formerly` would be created beside
 * the old one and then fail on its domain.
 */
export function takenNames(
  steps: readonly StepEventMetadata[],
  removed: readonly StateResource[],
): string[] {
  const created = steps.filter((it) => it.op === "create");
  return created.flatMap(({ urn, type, new: now }) =>
    removed.flatMap((old) =>
      sharedNames({ type, inputs: now?.inputs ?? {} }, old).map((what) =>
        refusal(urn, old.urn, what),
      ),
    ),
  );
}

interface Named {
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

function sharedNames(created: Named, removed: Named): string[] {
  const [name, other] = [created, removed].map((it) => it.inputs?.["name"]);
  const isSame = kindOf(created) === kindOf(removed) && typeof name === "string" && name === other;
  const taken = new Set(domainsOf(removed));
  return [
    ...(isSame ? [`the name "${name}"`] : []),
    ...domainsOf(created)
      .filter((it) => taken.has(it))
      .map((it) => `the domain ${it}`),
  ];
}

/** Names of Render services are unique across types. */
function kindOf({ type }: Named): string {
  return SERVICES.test(type) ? "service" : type;
}

const SERVICES = /:(WebService|PrivateService|BackgroundWorker|CronJob|StaticSite)$/;

function domainsOf({ inputs }: Named): string[] {
  const domains = inputs?.["domains"];
  return Array.isArray(domains) ? domains.filter((it) => typeof it === "string") : [];
}

function refusal(urn: string, oldUrn: string, what: string): string {
  const [now, old] = [parseUrn(urn), parseUrn(oldUrn)];
  return (
    `${now.type.split(":").at(-1)} "${now.name}": ${what} belongs to "${old.name}" until that is deleted, which is last. ` +
    `To rename it, set formerly: [${old.name}]. To replace it, remove "${old.name}" in an up of its own first.`
  );
}
