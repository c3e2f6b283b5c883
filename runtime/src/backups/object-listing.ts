/** One page of the objects of a bucket. */
export interface ObjectListing {
  readonly keys: readonly string[];
  /** With what the next page is asked for; undefined at the end. */
  readonly next: string | undefined;
}

/** What an answer in XML lists. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listingOf(xml: string): ObjectListing {
  const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => plainText(key));
  const next = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml)?.[1];
  return { keys, next: next === undefined ? undefined : plainText(next) };
}

/** Text of XML without its entities. @see https://www.w3.org/TR/xml/#sec-predefined-ent */
function plainText(xml: string): string {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'" };
  return xml
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/&(lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? "")
    .replaceAll("&amp;", "&");
}
