import { type Json, memberAt, RenderError } from "./answer.ts";

/** Render's largest page. */
const PAGE_SIZE = 100;

/** Pages of one list; at 100 a page, more than any workspace holds. */
const PAGES_MAX = 200;

/** A list of Render's, and how a page of it is asked for. */
interface PagedList {
  /** May have a query. */
  readonly path: string;
  /** Names the member of an entry, for example `service`; absent where the list is bare. */
  readonly noun: string | undefined;
  /** For messages: `list /services`. */
  readonly doing: string;
  readonly ask: (path: string) => Promise<Json>;
}

/**
 * Every page of a list, unwrapped from its envelopes.
 *
 * Render's few bare lists tell no cursor, so of them the newest 100 are all there is.
 */
export async function everyPage({ path, noun, doing, ask }: PagedList): Promise<readonly Json[]> {
  const joint = path.includes("?") ? "&" : "?";
  const items: Json[] = [];
  let cursor = "";
  for (let page = 0; page < PAGES_MAX; page++) {
    const after = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const entries = entriesOf(await ask(`${path}${joint}limit=${PAGE_SIZE}${after}`), doing);
    if (noun === undefined) return entries;
    items.push(...entries.map((entry) => memberAt(entry, [noun]) ?? null));
    const next = memberAt(entries.at(-1), ["cursor"]);
    cursor = typeof next === "string" ? next : "";
    if (entries.length < PAGE_SIZE || !cursor) return items;
  }
  throw new RenderError(
    `Render: could not ${doing}: it goes on after ${PAGES_MAX} pages of ${PAGE_SIZE}. Nothing is done on a part of a list.`,
    { maybeDone: false },
  );
}

function entriesOf(body: Json, doing: string): readonly Json[] {
  if (Array.isArray(body)) return body as Json[];
  throw new RenderError(`Render: could not ${doing}: its answer should be a list.`, {
    maybeDone: false,
  });
}
