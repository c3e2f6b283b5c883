import { UsageError } from "../../infra/errors.ts";
import type { StackModel } from "../../infra/model/stack-model.ts";
import { RenderClient } from "../../infra/provider/render/client.ts";
import { cloudName } from "../../infra/resources/render/provider.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { askRender } from "./ask.ts";
import type { Finding } from "./finding.ts";
import { DeployedIds, observeStack } from "./observe.ts";
import { internetReach, localAddresses, localReach } from "./reach.ts";
import { slotsFor } from "./slots.ts";
import { verifyStack } from "./verify.ts";

/**
 * Parallel requests: a stack of four services and four jobs needs two rounds, far below Render's
 * 400 reads a minute.
 */
const PARALLEL_MAX = 16;

/** The parts of a workspace that a verification needs. */
export type VerifiedWorkspace = Pick<Workspace, "renderHost" | "renderApiKey"> & {
  readonly stack: Pick<Workspace["stack"], "outputs">;
};

/** Verifies the stack of a workspace: reads its outputs, reads the cloud, compares. */
export async function verifyWorkspace(
  model: StackModel,
  workspace: VerifiedWorkspace,
): Promise<Finding[]> {
  const { renderHost } = workspace;
  const outputs = await workspace.stack.outputs();
  const values = Object.entries(outputs).map(([key, { value }]) => [key, value as unknown]);
  const ids = DeployedIds.parse(Object.fromEntries(values));
  const slots = slotsFor(PARALLEL_MAX);
  const client = new RenderClient({
    host: renderHost,
    apiKey: () => keyOf(workspace),
  });
  const observed = await observeStack(model, ids, askRender(client, slots));
  const isLocal = cloudName(renderHost) === "local";
  const reach = isLocal
    ? localReach(slots, await localAddresses(renderHost))
    : internetReach(slots);
  return verifyStack(model, observed, reach);
}

function keyOf({ renderApiKey }: VerifiedWorkspace): string {
  if (renderApiKey) return renderApiKey;
  throw new UsageError("verify: there is no API key. Set RENDER_API_KEY.");
}
