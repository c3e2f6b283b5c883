import { homedir } from "node:os";
import { join } from "node:path";
import { cloudName, RENDER_HOST, RenderProvider } from "../../resources/render/provider.ts";
import { servePlugin } from "../kit/serve.ts";
import { PLUGIN_VERSION } from "../version.ts";
import { createJournalOnDisk } from "./create-journal.ts";
import { RenderClient } from "./client.ts";
import { RateBudgets } from "./rate-limit.ts";
import { RENDER_TYPES } from "./resource-types.ts";

/** Render counts the calls of an account, so a process has one budget. */
let budgets: RateBudgets | undefined;

await servePlugin({
  provider: RenderProvider,
  version: PLUGIN_VERSION,
  completeConfig: () => ({ cloud: cloudName(host()) }),
  configure: (config, notice) => {
    const refusal = refuseOtherCloud(config["cloud"], cloudName(host()));
    if (refusal) throw new Error(refusal);
    budgets ??= new RateBudgets({ say: notice });
    return new RenderClient({
      host: host(),
      apiKey: () => apiKey(config["apiKey"]),
      journal: createJournalOnDisk(stateDirectory(), host()),
      budgets,
    });
  },
  secretsOf: (client) => client.secrets,
  refuseChange: (olds, news) => refuseOtherCloud(olds["cloud"], news["cloud"]),
  resources: RENDER_TYPES,
});

function host(): string {
  return (process.env["RENDER_HOST"] ?? RENDER_HOST).replace(/\/+$/, "");
}

/**
 * The directory for a program's state files. @see
 * https://specifications.freedesktop.org/basedir-spec
 */
function stateDirectory(): string {
  const home = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  return join(home, "opspec", "creates");
}

function apiKey(configured: unknown): string {
  const key = process.env["RENDER_API_KEY"] ?? configured;
  if (typeof key === "string" && key !== "") return key;
  throw new Error(
    "render: the API key is missing. Set RENDER_API_KEY, or run: pulumi config set --secret render:apiKey.",
  );
}

/** The state of a stack belongs to one cloud; on another one, every resource would look deleted. */
function refuseOtherCloud(state: unknown, now: unknown): string | undefined {
  if (state === undefined || state === now) return undefined;
  return (
    `render: this stack's state belongs to the cloud "${String(state)}", but RENDER_HOST points to "${String(now)}". ` +
    `Point RENDER_HOST back to it, or use another stack.`
  );
}
