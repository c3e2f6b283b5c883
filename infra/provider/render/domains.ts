import { type Json, memberAt, textOf } from "./answer.ts";
import { postOnce } from "./find-or-post.ts";
import type { ServiceTarget } from "./service-place.ts";

/**
 * The declared domains that the service has; on an import, all that are no redirects.
 *
 * Render adds the `www` or apex sibling of a domain as a redirect; it is not managed.
 */
export async function readDomains(
  { client, path, signal }: ServiceTarget,
  declared: readonly string[] | undefined,
): Promise<readonly string[]> {
  const domains = await client.sharedList(`${path}/custom-domains`, "customDomain", signal);
  const names = domains.map(nameOf);
  if (declared) return declared.filter((it) => names.includes(it));
  return domains.filter((it) => !memberAt(it, ["redirectForName"])).map(nameOf);
}

/** Adds missing domains and deletes those that are no longer declared. */
export async function syncDomains(
  place: ServiceTarget,
  wanted: readonly string[],
  old: readonly string[],
): Promise<void> {
  const dropped = old.filter((it) => !wanted.includes(it));
  // Deletions come first, because a sibling is deleted with its domain and may itself be declared.
  for (const name of dropped) {
    const domain = `${place.path}/custom-domains/${name}`;
    await place.client.delete(domain, `remove domain ${name}`, place.signal);
  }
  const existing = await domainsOf(place);
  for (const name of wanted) {
    if (!existing.some((it) => nameOf(it) === name)) await addDomain(place, name);
  }
}

async function addDomain(place: ServiceTarget, name: string): Promise<void> {
  const { client, path, signal } = place;
  await postOnce(place, {
    look: async () => (await domainsOf(place)).find((it) => nameOf(it) === name),
    post: async () => {
      const { body } = await client.request({
        method: "POST",
        path: `${path}/custom-domains`,
        body: { name },
        doing: `add domain ${name}`,
        signal,
      });
      return body;
    },
  });
}

function domainsOf({ client, path, signal }: ServiceTarget): Promise<readonly Json[]> {
  return client.list(`${path}/custom-domains`, "customDomain", signal);
}

function nameOf(domain: Json): string {
  return textOf(memberAt(domain, ["name"]), "name");
}
