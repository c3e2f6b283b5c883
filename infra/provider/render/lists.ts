import { type Json, RenderError, memberAt } from "./answer.ts";

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

/** A list that is being asked for, and the time that its first reader has. */
interface SharedList {
  readonly list: Promise<readonly Json[]>;
  readonly signal: AbortSignal;
}

/** Lists that the reads of one run share: each is asked for once, until it fails or all are cleared. */
export class SharedLists {
  readonly #lists = new Map<string, SharedList>();

  /** What the next reader gets is asked for again. */
  clear(): void {
    this.#lists.clear();
  }

  async read(path: string, signal: AbortSignal, ask: () => SharedList["list"]): SharedList["list"] {
    const shared = this.#lists.get(path) ?? this.#share(path, { list: ask(), signal });
    try {
      return await shared.list;
    } catch (error) {
      // Whoever asked first has no time left; that says nothing of the others.
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

/** What a refresh of a stack asks Render: the reference prints it, and a test counts it. */
export const REFRESH_CALLS = [
  "1 for `/services` when the stack has any service or cron job",
  "1 for `/env-groups` when it has an env group or a service declares links",
  "1 each for `/postgres`, `/key-value`, `/projects` and `/registrycredentials` that it uses",
  "1 for `/environments` of each project of which it has an environment",
  "1 for each service and each of its collections of which it declares anything: variables (its own and the late ones together), secret files, domains, headers, routes",
  "1 for the variables of each service that declares none and is no longer what the state says: our note of an owed deploy would stand there",
  "1 for each env group that declares variables or files",
  "1 for each resource that its list no longer has: by its id, before it counts as gone",
  "1 more for each further page of a list that is longer than 100",
] as const;
