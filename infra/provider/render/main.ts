import { cloudName, RENDER_HOST, RenderProvider } from "../../resources/render/provider.ts";
import { servePlugin } from "../kit/serve.ts";
import { PLUGIN_VERSION } from "../version.ts";
import { RenderClient } from "./client.ts";
import { cronJob, webService } from "./service-kinds.ts";

await servePlugin({
  provider: RenderProvider,
  version: PLUGIN_VERSION,
  completeConfig: () => ({ cloud: cloudName(host()) }),
  configure: (config) => {
    const refusal = refuseOtherCloud(config["cloud"], cloudName(host()));
    if (refusal) throw new Error(refusal);
    return new RenderClient({ host: host(), apiKey: () => apiKey(config["apiKey"]) });
  },
  refuseChange: (olds, news) => refuseOtherCloud(olds["cloud"], news["cloud"]),
  resources: [webService, cronJob],
});

function host(): string {
  return (process.env["RENDER_HOST"] ?? RENDER_HOST).replace(/\/+$/, "");
}

function apiKey(configured: unknown): string {
  const key = process.env["RENDER_API_KEY"] ?? configured;
  if (typeof key === "string" && key !== "") return key;
  throw new Error(
    "render: there is no API key. Set RENDER_API_KEY, or: pulumi config set --secret render:apiKey.",
  );
}

/** One stack's state never meets two clouds: on the second, everything of the first would look gone. */
function refuseOtherCloud(state: unknown, now: unknown): string | undefined {
  if (state === undefined || state === now) return undefined;
  return (
    `render: this stack's state describes the cloud "${String(state)}", and RENDER_HOST now points to "${String(now)}". ` +
    `Point RENDER_HOST back to it, or use another stack.`
  );
}
