import { z } from "zod";
import { field, type ProviderContract } from "../contract.ts";

/** The default address of Render's API. @see https://api-docs.render.com */
export const RENDER_HOST = "https://api.render.com/v1";

/**
 * Configuration of the render provider. API key and host come from the variables that Render's own
 * tools use.
 */
export const RenderProvider = {
  name: "render",
  description: "Render's services, cron jobs and datastores, with drift and detailed diffs.",
  inputs: z.strictObject({
    cloud: field(z.string().optional(), {
      description:
        "The cloud of this state: the host name of Render's API, or `local` for loopback. The plugin sets it from RENDER_HOST; it never changes for a stack.",
    }),
    apiKey: field(z.string().optional(), {
      description: "Render's API key. The variable RENDER_API_KEY takes precedence.",
      secret: true,
    }),
  }),
} as const satisfies ProviderContract;

/**
 * The name of a host's cloud, as stored in state.
 *
 * All loopback addresses are the same local cloud, because its port changes.
 */
export function cloudName(host: string): string {
  const { hostname } = new URL(host);
  return LOOPBACK.has(hostname) ? "local" : hostname;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);
