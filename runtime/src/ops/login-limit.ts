/** Wrong tokens that one client may send in a minute; a person mistypes less often. */
const WRONG_LOGINS_MAX = 5;

/** And all clients together: whoever sends made-up addresses along gets no further than this. */
const WRONG_LOGINS_ALL_MAX = 60;

const WINDOW_MS = 60_000;

/** The clients that are told apart; more of them within a minute share the limit of all. */
const CLIENTS_MAX = 1000;

/** How many wrong logins there were lately. */
export interface LoginLimit {
  /** Seconds until this client may try again; 0 when it may now. */
  waitSeconds(client: string): number;
  noteWrong(client: string): void;
}

/** Counts wrong logins by client over a minute that moves along. */
export function createLoginLimit(now: () => Date): LoginLimit {
  const byClient = new Map<string, number[]>();
  let all: number[] = [];
  const recent = (times: readonly number[]): number[] =>
    times.filter((at) => now().getTime() - at < WINDOW_MS);
  return {
    waitSeconds: (client) => {
      const own = recent(byClient.get(client) ?? []);
      all = recent(all);
      return Math.max(
        waitOf(own, WRONG_LOGINS_MAX, now()),
        waitOf(all, WRONG_LOGINS_ALL_MAX, now()),
      );
    },
    noteWrong: (client) => {
      const at = now().getTime();
      all = [...recent(all), at];
      for (const [name, times] of byClient) if (recent(times).length === 0) byClient.delete(name);
      if (byClient.size < CLIENTS_MAX || byClient.has(client)) {
        byClient.set(client, [...recent(byClient.get(client) ?? []), at]);
      }
    },
  };
}

/** Until the oldest of the last `max` is out of the window. */
function waitOf(times: readonly number[], max: number, now: Date): number {
  const oldest = times.at(-max);
  if (times.length < max || oldest === undefined) return 0;
  return Math.max(1, Math.ceil((oldest + WINDOW_MS - now.getTime()) / 1000));
}
