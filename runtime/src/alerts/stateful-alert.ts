import type { AlertEvent, AlertSink } from "../contract/alert-event.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";

/** What an alert says when it fires or is resolved. */
export type Notice = Pick<AlertEvent, "kind" | "title" | "details"> & { readonly job?: string };

/** Turns a condition that is evaluated again and again into one alert and one resolved notice. */
export interface StatefulAlerts {
  /**
   * Sets the state of one alert: it fires while `raised` is given. `resolved` is sent when it stops;
   * without it the alert stops without a message.
   */
  set(
    key: string,
    notices: { raised?: Notice | undefined; resolved?: Notice | undefined },
  ): Promise<void>;
}

export interface StatefulAlertsOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process">;
  readonly alerts: AlertSink;
  readonly clock: { now(): Date };
}

/**
 * The alert store knows whether an alert fires, so a restarted process and other instances do not
 * send it twice. An alert that is silenced or could not be stored does not fire, so the next
 * evaluation sends it again.
 */
export function statefulAlerts(options: StatefulAlertsOptions): StatefulAlerts {
  const { manifest, alerts, clock } = options;
  const { system, stack, process } = manifest;
  return {
    set: async (name, { raised, resolved }) => {
      const key = `${stack}/${name}`;
      const isFiring = await alerts.isFiring(key);
      if (isFiring === (raised !== undefined)) return;
      const notice = raised ?? resolved;
      if (!notice) return alerts.clear(key);
      const at = clock.now().toISOString();
      await alerts.send({ ...notice, key, system, stack, process, at });
    },
  };
}
