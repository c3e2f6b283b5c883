import { UsageError } from "../../infra/errors.ts";
import type { StackModel } from "../../infra/model/stack-model.ts";
import { RenderClient } from "../../infra/provider/render/client.ts";
import { cloudName } from "../../infra/resources/render/provider.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Finding } from "./finding.ts";
import { DeployedIds, observeStack } from "./observe.ts";
import { type Reach, verifyStack } from "./verify.ts";

/** How long a service may take to answer a check. Render itself allows 5 s. @see https://render.com/docs/health-checks */
const HTTP_TIMEOUT_MS = 10_000;

/** Verifies the stack of a workspace: reads its outputs, asks the cloud, compares. */
export async function verifyWorkspace(model: StackModel, workspace: Workspace): Promise<Finding[]> {
  const outputs = await workspace.stack.outputs();
  const values = Object.fromEntries(
    Object.entries(outputs).map(([key, { value }]) => [key, value as unknown]),
  );
  const ids = DeployedIds.parse({ services: {}, jobs: {}, ...values });
  const client = new RenderClient({ host: workspace.renderHost, apiKey: () => keyOf(workspace) });
  const observed = await observeStack(model, ids, client);
  return verifyStack(model, observed, reachOf(workspace, values["services"]));
}

/** The local cloud deploys, but starts no process. */
function reachOf({ renderHost }: Workspace, services: unknown): Reach {
  if (cloudName(renderHost) === "local") return {};
  const urls = new Map(Object.entries((services ?? {}) as Record<string, { url?: string }>));
  return {
    httpStatus: async (service, path) => {
      const url = urls.get(service)?.url;
      if (!url) return "not deployed";
      const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
      return fetch(new URL(path, url), { signal }).then(
        ({ status }) => status,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    },
  };
}

function keyOf({ renderApiKey }: Workspace): string {
  if (renderApiKey) return renderApiKey;
  throw new UsageError("verify: there is no API key. Set RENDER_API_KEY.");
}
