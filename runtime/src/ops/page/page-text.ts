/** What the page is told when it is sent. */
export interface PageSession {
  /** What the page's requests must send along; without it the page asks for the token. */
  readonly csrf?: string | undefined;
  /** Whether there are migrations to show: their route is a 404 where there are none. */
  readonly hasMigrations: boolean;
  /** Names of the modules of the script. */
  readonly modules: readonly string[];
}

/** Before which the modules of the script are named. */
const HEAD_END = "</head>";

/**
 * The page for one session, or with the login form where there is none.
 *
 * A page with a session carries the proof that its requests must send along: it is as secret as
 * the page itself, which no cache keeps and no other site can read. The modules of the script are
 * named in it, so that a browser asks for all of them at once instead of one after the other.
 */
export function pageText(html: string, { csrf = "", hasMigrations, modules }: PageSession): string {
  if (!/^[\w-]*$/.test(csrf)) {
    throw new Error("page-text.ts: a proof has other letters than those of base64url.");
  }
  const links = modules.map((it) => `<link rel="modulepreload" href="/ops/assets/${it}" />\n    `);
  return html
    .replace('data-csrf=""', `data-csrf="${csrf}"`)
    .replace('data-migrations="no"', `data-migrations="${hasMigrations ? "yes" : "no"}"`)
    .replace(HEAD_END, `${links.join("").trimEnd()}\n  ${HEAD_END}`);
}
