import type { Json } from "./answer.ts";

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
