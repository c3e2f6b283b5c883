import { SLOTS_REMEMBERED } from "./slot-memory.ts";

/** What somebody wants to be true. Whether it becomes true is decided by what stands before it. */
export type LedgerEvent =
  | (Omit<LedgerEntry, "key"> & {
      readonly do: "take";
      /** Token of the holder that is gone and whose place it takes. */
      readonly over?: string | undefined;
    })
  | { readonly do: "release" | "finish"; readonly key: string; readonly token: string }
  | ({ readonly do: "snapshot" } & Snapshot);

/** Who holds something. */
export interface LedgerEntry {
  readonly key: string;
  readonly name: string;
  /** Epoch milliseconds, when it is about one slot. */
  readonly slot?: number | undefined;
  readonly token: string;
  readonly fence: number;
  readonly holder: string;
  readonly sinceMs: number;
}

/** Everything that events have led to. */
export interface Snapshot {
  readonly fence: number;
  readonly held: readonly LedgerEntry[];
  /** Slots and the fences under which they were finished, by job. */
  readonly finished: Readonly<Record<string, readonly (readonly [slot: number, fence: number])[]>>;
}

/**
 * Who holds what, from a sequence of events that all processes see in the same order.
 *
 * Of two that take the same thing at once, the one whose line stands first has it; the other sees
 * that when it reads the lines again.
 */
export class LeaseLedger {
  #fence = 0;
  readonly #held = new Map<string, LedgerEntry>();
  readonly #finished = new Map<string, Map<number, number>>();

  get fence(): number {
    return this.#fence;
  }

  holderOf(key: string): LedgerEntry | undefined {
    return this.#held.get(key);
  }

  /** The fence under which a slot was finished. */
  finishedUnder(name: string, slot: number): number | undefined {
    return this.#finished.get(name)?.get(slot);
  }

  /** Whether a slot may be given out at all: not finished, and not older than what is remembered. */
  isOpen(name: string, slot: number): boolean {
    const finished = this.#finished.get(name);
    if (!finished) return true;
    if (finished.has(slot)) return false;
    return finished.size < SLOTS_REMEMBERED || slot > Math.min(...finished.keys());
  }

  add(event: LedgerEvent): void {
    if (event.do === "snapshot") return this.#restore(event);
    if (event.do === "take") return this.#take(event);
    const entry = this.#held.get(event.key);
    if (entry?.token !== event.token) return;
    this.#held.delete(event.key);
    if (event.do === "finish" && entry.slot !== undefined) this.#finish(entry, entry.slot);
  }

  snapshot(): Snapshot {
    return {
      fence: this.#fence,
      held: [...this.#held.values()],
      finished: Object.fromEntries([...this.#finished].map(([name, slots]) => [name, [...slots]])),
    };
  }

  #take(event: Extract<LedgerEvent, { do: "take" }>): void {
    const { name, slot, token, fence, holder, sinceMs, over } = event;
    const key = ledgerKey(name, slot);
    // Somebody else has drawn the same fence before.
    if (fence <= this.#fence) return;
    if (this.#held.get(key)?.token !== over) return;
    if (slot !== undefined && !this.isOpen(name, slot)) return;
    this.#fence = fence;
    this.#held.set(key, { key, name, slot, token, fence, holder, sinceMs });
  }

  #finish({ name, fence }: LedgerEntry, slot: number): void {
    const finished = this.#finished.get(name) ?? new Map<number, number>();
    finished.set(slot, fence);
    if (finished.size > SLOTS_REMEMBERED) finished.delete(Math.min(...finished.keys()));
    this.#finished.set(name, finished);
  }

  #restore({ fence, held, finished }: Snapshot): void {
    this.#fence = fence;
    for (const entry of held) this.#held.set(entry.key, entry);
    for (const [name, slots] of Object.entries(finished)) this.#finished.set(name, new Map(slots));
  }
}

/** What a lease, or one slot of a job, is filed under. */
export function ledgerKey(name: string, slot: number | undefined): string {
  return slot === undefined ? name : `${name} ${slot}`;
}
