import type { AlertSink } from "../../contract/alert-event.ts";
import type { ProcessContext } from "../../run/process.ts";
import type { StartSummary } from "./caches.ts";

/**
 * Sends the one message about the refresh of all caches at the start.
 *
 * Its key is the same at every start, so that a process which starts again and again says it once.
 */
export async function tellStart(
  {
    manifest,
    alerts,
    clock,
  }: Pick<ProcessContext, "manifest" | "clock"> & { readonly alerts: AlertSink },
  { ok, failed, durationMs }: StartSummary,
): Promise<void> {
  const { system, stack, process } = manifest;
  const hasFailed = failed.length > 0;
  const count = `${ok.length} of ${ok.length + failed.length} caches of ${process}`;
  const which = hasFailed ? `; not ${failed.join(", ")}` : "";
  await alerts.send({
    key: `${stack}/${process}/caches/${hasFailed ? "fail" : "ok"}`,
    kind: hasFailed ? "fail" : "notice",
    system,
    stack,
    process,
    title: `${stack}: ${count} were refreshed at the start${which}`,
    details: { ok, failed, durationMs },
    at: clock.now().toISOString(),
  });
}
