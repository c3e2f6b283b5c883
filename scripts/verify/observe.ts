import { z } from "zod";
import type { StackModel } from "../../infra/model/stack-model.ts";
import { isGone, type Json, memberAt } from "../../infra/provider/render/answer.ts";
import type { RenderClient } from "../../infra/provider/render/client.ts";
import {
  ENV_VARS,
  readTexts,
  SECRET_FILES,
  type Texts,
} from "../../infra/provider/render/keyed-values.ts";

/** Ids of what an up made, as the stack's outputs tell them. */
export const DeployedIds = z.object({
  services: z.record(z.string(), z.object({ id: z.string() })),
  jobs: z.record(z.string(), z.object({ id: z.string() })),
});

/** A service or cron job as Render has it now. */
export interface ObservedService {
  readonly service: Json;
  readonly env: Texts;
  readonly secretFiles: Texts;
  /** Status of the newest deploy. */
  readonly deploy: string | undefined;
}

/** Everything that the checks compare, by key of the spec. Missing means gone, or never made. */
export interface ObservedStack {
  readonly services: Readonly<Record<string, ObservedService | undefined>>;
  readonly jobs: Readonly<Record<string, ObservedService | undefined>>;
}

/** Asks Render for what the stack's outputs point to. */
export async function observeStack(
  model: StackModel,
  ids: z.infer<typeof DeployedIds>,
  client: RenderClient,
): Promise<ObservedStack> {
  const observe = async (id: string | undefined) =>
    id === undefined ? undefined : observeService(id, client);
  const byKey = async (items: readonly { key: string }[], known: Record<string, { id: string }>) =>
    Object.fromEntries(
      await Promise.all(
        items.map(async ({ key }) => [key, await observe(known[key]?.id)] as const),
      ),
    );
  const [services, jobs] = await Promise.all([
    byKey(model.services, ids.services),
    byKey(model.jobs, ids.jobs),
  ]);
  return { services, jobs };
}

/** Long enough for Render's slowest answers. */
const OBSERVE_TIMEOUT_MS = 60_000;

async function observeService(
  id: string,
  client: RenderClient,
): Promise<ObservedService | undefined> {
  const signal = AbortSignal.timeout(OBSERVE_TIMEOUT_MS);
  const target = { client, serviceId: id, signal };
  try {
    const [{ body: service }, { body: deploys }, env, secretFiles] = await Promise.all([
      client.request({ method: "GET", path: `/services/${id}`, doing: `read ${id}`, signal }),
      client.request({
        method: "GET",
        path: `/services/${id}/deploys?limit=1`,
        doing: `read deploys of ${id}`,
        signal,
      }),
      readTexts(ENV_VARS, target),
      readTexts(SECRET_FILES, target),
    ]);
    const newest = Array.isArray(deploys) ? (deploys[0] as Json | undefined) : undefined;
    const status = memberAt(newest, ["deploy", "status"]);
    return { service, env, secretFiles, deploy: typeof status === "string" ? status : undefined };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
