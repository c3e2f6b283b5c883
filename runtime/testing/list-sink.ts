import {
  type AlertEvent,
  type AlertSink,
  type Delivery,
  isResolved,
} from "../src/contract/alert-event.ts";

/** A sink that keeps its events and the firing alerts. */
export function listSink(deliver: () => Delivery = () => "sent"): AlertSink & {
  readonly sent: AlertEvent[];
} {
  const sent: AlertEvent[] = [];
  const firing = new Set<string>();
  return {
    sent,
    send: async (event) => {
      sent.push(event);
      const delivery = deliver();
      if (isResolved(event)) firing.delete(event.key);
      else if (delivery !== "error" && delivery !== "silenced") firing.add(event.key);
      return delivery;
    },
    isFiring: async (key) => firing.has(key),
    clear: async (key) => void firing.delete(key),
  };
}
