import { z } from "zod";
import { field, type ProviderContract } from "../contract.ts";

/** Where Render answers. @see https://api-docs.render.com */
export const RENDER_HOST = "https://api.render.com/v1";

/** Configuration of the render provider. The key and the host come from the environment as Render's own tools take them. */
export const RenderProvider = {
  name: "render",
  description: "Render's services, cron jobs and datastores, with drift and detailed diffs.",
  inputs: z.strictObject({
    cloud: field(z.string().optional(), {
      description:
        "The cloud that this state describes: the host name of Render's API, or `local` for any on loopback. The plugin fills it in from RENDER_HOST; it never changes for a stack.",
    }),
    apiKey: field(z.string().optional(), {
      description: "Render's API key. Default: RENDER_API_KEY of the environment, which wins.",
      secret: true,
    }),
  }),
} as const satisfies ProviderContract;

/**
 * The name of the cloud behind a host, as it is kept in state.
 *
 * Every loopback address is the same local cloud: its port changes from run to run.
 */
export function cloudName(host: string): string {
  const { hostname } = new URL(host);
  return LOOPBACK.has(hostname) ? "local" : hostname;
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);
