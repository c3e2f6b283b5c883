import type { AlertEvent, AlertSink, Delivery } from "../contract/alert-event.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";

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
 * Remembers what was told, after it was delivered: what no channel took or what is silenced is told
 * again the next time, and what no channel is set up for counts as told. What another process told,
 * or this one before it was started again, is asked for once.
 */
export function createNoticeBoard({ manifest, alerts, clock }: BoardOptions): NoticeBoard {
  const { system, stack, process } = manifest;
  const told = new Set<string>();
  const asked = new Set<string>();
  const send = (key: string, notice: Notice): Promise<Delivery> => {
    const event = { ...notice, key: `${stack}/${key}`, system, stack, process };
    return alerts.send({ ...event, at: clock.now().toISOString() });
  };
  const isTold = async (key: string): Promise<boolean> => {
    if (!asked.has(key) && (await alerts.isOpen?.(`${stack}/${key}`))) told.add(key);
    asked.add(key);
    return told.has(key);
  };
  return {
    set: async (key, { raised, over }) => {
      const isKnown = await isTold(key);
      if (raised) {
        if (!isKnown && isHeard(await send(key, raised))) told.add(key);
      } else if (isKnown && (over === undefined || (await send(key, over)) !== "error")) {
        told.delete(key);
      }
    },
  };
}

/** Whether nobody needs to say it again. */
function isHeard(delivery: Delivery): boolean {
  return delivery !== "error" && delivery !== "silenced";
}
