import { type Json, RenderError, memberAt } from "./answer.ts";

/** Render's largest page. */
const PAGE_SIZE = 100;

/** Most pages of one list; at 100 entries a page, more than any workspace has. */
const PAGES_MAX = 200;

/** A list at Render and how to read a page. */
interface PagedList {
  /** Path; may contain a query. */
  readonly path: string;
  /** The envelope's member, for example `service`; absent for a bare list. */
  readonly noun: string | undefined;
  /** For messages: `list /services`. */
  readonly doing: string;
  readonly ask: (path: string) => Promise<Json>;
}

/**
 * Reads all pages of a list without envelopes.
 *
 * Render's few bare lists have no cursor, so only their newest 100 entries are available.
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
    `Render: could not ${doing}: it has more than ${PAGES_MAX} pages of ${PAGE_SIZE}. An incomplete list is never used.`,
    { maybeDone: false },
  );
}

function entriesOf(body: Json, doing: string): readonly Json[] {
  if (Array.isArray(body)) return body as Json[];
  throw new RenderError(`Render: could not ${doing}: its answer should be a list.`, {
    maybeDone: false,
  });
}

/** A list request and the deadline of its first reader. */
interface SharedList {
  readonly list: Promise<readonly Json[]>;
  readonly signal: AbortSignal;
}

/**
 * Lists shared by the reads of one operation. Each is requested once, until it fails or all are
 * cleared.
 */
export class SharedLists {
  readonly #lists = new Map<string, SharedList>();

  /** The next reader requests it again. */
  clear(): void {
    this.#lists.clear();
  }

  async read(path: string, signal: AbortSignal, ask: () => SharedList["list"]): SharedList["list"] {
    const shared = this.#lists.get(path) ?? this.#share(path, { list: ask(), signal });
    try {
      return await shared.list;
    } catch (error) {
      // The first reader's deadline passed, which does not affect the others.
      if (!shared.signal.aborted || signal.aborted) throw error;
      return this.read(path, signal, ask);
    }
  }

  #share(path: string, shared: SharedList): SharedList {
    this.#lists.set(path, shared);
    shared.list.catch(() => {
      if (this.#lists.get(path) === shared) this.#lists.delete(path);
    });
    return shared;
  }
}

/** The API calls of a refresh. The reference prints this list, and a test counts the calls. */
export const REFRESH_CALLS = [
  "1 for `/services` when the stack has any service or cron job",
  "1 for `/env-groups` when it has an env group or a service declares links",
  "1 each for `/postgres`, `/key-value`, `/projects` and `/registrycredentials` that it uses",
  "1 for `/environments` of each project in which it has an environment",
  "1 for each service and each of its collections with declared items: variables (its own and the late ones together), secret files, domains, headers, routes",
  "1 for the newest deploy of each service that is not suspended, because one that failed is deployed again",
  "1 for the variables of each service that declares none and differs from its state, because the mark of an owed deploy would be there",
  "1 for each env group that declares variables or files",
  "1 for each resource that is missing in its list: by id, before it counts as deleted",
  "1 more for each further page of a list that is longer than 100",
] as const;
