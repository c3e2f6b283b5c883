/** A host name with at least one dot; a wildcard may stand for its first part. */
const DOMAIN_NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/;

/**
 * Public suffixes of two parts that are seen often. The whole list has thousands; what is not here counts as
 * one part, which makes `example.co.zz` a subdomain.
 */
const TWO_PART_SUFFIXES =
  "ac.uk co.uk org.uk com.au net.au co.nz co.za co.in co.jp co.kr com.ar com.br com.cn com.co com.mx com.pe com.sg com.tr com.tw".split(
    " ",
  );

/** What a name is made of. */
export interface DomainParts {
  readonly publicSuffix: string;
  readonly domainType: "apex" | "subdomain";
}

/** The parts of a name, or undefined when it is none. */
export function domainParts(name: string): DomainParts | undefined {
  if (!DOMAIN_NAME.test(name)) return undefined;

  const labels = name.split(".");
  const lastTwo = labels.slice(-2).join(".");
  const publicSuffix = TWO_PART_SUFFIXES.includes(lastTwo) ? lastTwo : (labels.at(-1) ?? "");
  const isApex = labels.length === publicSuffix.split(".").length + 1;
  return { publicSuffix, domainType: isApex ? "apex" : "subdomain" };
}

/** The sibling that Render adds by itself: `www` for an apex and the apex for `www`. */
export function siblingName(name: string): string | undefined {
  if (domainParts(name)?.domainType === "apex") return `www.${name}`;
  if (!name.startsWith("www.")) return undefined;

  const parent = name.slice("www.".length);
  return domainParts(parent)?.domainType === "apex" ? parent : undefined;
}
