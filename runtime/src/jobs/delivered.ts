import { ChannelError } from "../alerts/channel.ts";

/**
 * The result of a message at one channel. `skipped` means that a variable is not set, which is not a
 * failure.
 */
export type Delivered =
  | { readonly status: "ok" }
  | { readonly status: "skipped" | "error"; readonly why: string };

/**
 * A delivery whose failure is told and not thrown: what other channels accepted meanwhile must be
 * kept, also when the run is stopped.
 */
export async function deliveredBy(
  signal: AbortSignal,
  deliver: () => Promise<Delivered>,
): Promise<Delivered> {
  try {
    return await deliver();
  } catch (error) {
    if (signal.aborted) return { status: "error", why: "the run was stopped" };
    if (error instanceof ChannelError) return { status: "error", why: error.message };
    throw error;
  }
}
