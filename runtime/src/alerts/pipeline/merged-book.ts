import { type AlertBook, channelOf, RECENT_MAX } from "./alert-book.ts";
import { type ChannelMemory, isSame, newestTold, type Told, withHeld } from "./channel-memory.ts";

/** What is stored, and what a process remembered by itself while the store was away. */
export function mergedBook(stored: AlertBook, own: AlertBook): AlertBook {
  const names = new Set([...Object.keys(stored.channels), ...Object.keys(own.channels)]);
  const isNew = (id: string) => !stored.silences.some((it) => it.id === id);
  const known = new Set(stored.recent.map(({ key, at }) => `${key} ${at}`));
  const recent = own.recent.filter(({ key, at }) => !known.has(`${key} ${at}`));
  return {
    channels: Object.fromEntries(
      [...names].map((name) => [name, merged(channelOf(stored, name), channelOf(own, name))]),
    ),
    silences: [...stored.silences, ...own.silences.filter(({ id }) => isNew(id))],
    recent: [...recent, ...stored.recent].slice(0, RECENT_MAX),
  };
}

function merged(stored: ChannelMemory, own: ChannelMemory): ChannelMemory {
  const told = { ...stored.told };
  for (const [key, entry] of Object.entries(own.told)) told[key] = newer(stored.told[key], entry);
  const isNew = ({ event }: ChannelMemory["held"][number]) =>
    !stored.held.some((it) => isSame(it.event, event));
  const flight = stored.flight ?? own.flight;
  const both = {
    nextAtMs: Math.max(stored.nextAtMs, own.nextAtMs),
    failures: own.failures,
    told: newestTold(told),
    held: [],
    more: stored.more + own.more,
    ...(flight ? { flight } : {}),
  };
  return withHeld(both, [...stored.held, ...own.held.filter(isNew)]);
}

function newer(stored: Told | undefined, own: Told): Told {
  return stored && stored.atMs > own.atMs ? stored : own;
}
