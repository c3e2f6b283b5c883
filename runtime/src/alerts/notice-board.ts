import type { AlertEvent, AlertSink } from "../alert-event.ts";
import type { RuntimeManifest } from "../contract.ts";

/** What is said of something that is wrong, or over. */
export type Notice = Pick<AlertEvent, "kind" | "title" | "details"> & { readonly job?: string };

/** Things that are told once when they begin and once when they are over. */
export interface NoticeBoard {
  /** It is so, or (without `raised`) not; `over` is said when it was told before, if anything is. */
  set(
    key: string,
    notices: { raised?: Notice | undefined; over?: Notice | undefined },
  ): Promise<void>;
}

/** Who speaks, to whom, and when. */
export interface BoardOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process">;
  readonly alerts: AlertSink;
  readonly clock: { now(): Date };
}

/**
 * Remembers what was told, after it was delivered: what no channel took is told again the next
 * time, and what no channel is set up for counts as told.
 */
export function createNoticeBoard({ manifest, alerts, clock }: BoardOptions): NoticeBoard {
  const told = new Set<string>();
  const send = async (key: string, notice: Notice): Promise<boolean> => {
    const { system, stack, process } = manifest;
    const event = { ...notice, key: `${stack}/${key}`, system, stack, process };
    const delivery = await alerts.send({ ...event, at: clock.now().toISOString() });
    return delivery !== "error";
  };
  return {
    set: async (key, { raised, over }) => {
      if (raised) {
        if (!told.has(key) && (await send(key, raised))) told.add(key);
      } else if (told.has(key) && (over === undefined || (await send(key, over)))) {
        told.delete(key);
      }
    },
  };
}
