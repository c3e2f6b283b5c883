import { ServiceEnv } from "../../resources/render/service-env.ts";
import { CreatedPartially, implement } from "../kit/plugin.ts";
import { isGone, memberAt, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";
import { deploy, forgetOwedDeploy, owedReason, owingDeploy, withoutPluginKeys } from "./deploy.ts";
import {
  deleteText,
  ENV_VARS,
  readTexts,
  syncTexts,
  type Texts,
  textsFrom,
  textsOf,
} from "./keyed-values.ts";
import { getService, type RenderCall, type ServiceTarget } from "./service-place.ts";

/** Late variables of a service. The resource's id is the service's id. */
export const serviceEnv = implement<typeof ServiceEnv, RenderClient>(ServiceEnv, {
  // No mark of an owed deploy: a create that was not saved is repeated as a whole.
  create: async ({ serviceId, env }, call) => {
    try {
      await setVariables(placeOf(serviceId, call), { wanted: env, old: {} }, call);
      return { id: serviceId, outputs: {} };
    } catch (error) {
      throw new CreatedPartially(serviceId, error);
    }
  },
  read: async (id, call, known) => {
    try {
      const variables = await readTexts(ENV_VARS, placeOf(id, call));
      const own = Object.entries(withoutPluginKeys(variables)).filter(
        ([key]) => known.inputs["env"] === undefined || key in textsOf(known.inputs["env"]),
      );
      return {
        inputs: { serviceId: id, env: Object.fromEntries(own) },
        outputs: {},
        unfinished: owedReason(variables, "late"),
      };
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  },
  update: async (id, { inputs, known }, call) => {
    const change = { wanted: inputs.env, old: textsOf(known.inputs["env"]) };
    const place = placeOf(id, call);
    await owingDeploy(place, "late", () => setVariables(place, change, call));
    return {};
  },
  // No deploy: running instances keep the variables until the next deploy of the service.
  remove: async (id, call, known) => {
    const place = placeOf(id, call);
    for (const key of Object.keys(textsOf(known.inputs["env"]))) {
      // The service itself declares the variable now, so it is not removed here.
      if (call.client.declaredVariables.has(`${id}/${key}`)) continue;
      await deleteText(ENV_VARS, place, key);
    }
    await forgetOwedDeploy(place, "late");
  },
});

function placeOf(serviceId: string, { client, signal }: RenderCall) {
  return { client, serviceId, path: `/services/${serviceId}`, signal };
}

/** Sets the variables and deploys once, unless the service is suspended. */
async function setVariables(
  place: Omit<ServiceTarget, "service">,
  { wanted, old }: { wanted: Texts; old: Texts },
  call: RenderCall,
): Promise<void> {
  const { client, path, signal } = place;
  const service = await getService(place);
  const kept = Object.keys(old).filter(
    (key) => !client.declaredVariables.has(`${place.serviceId}/${key}`),
  );
  const items = await client.list(`${path}/env-vars`, ENV_VARS.noun, signal);
  await syncTexts(ENV_VARS, place, {
    existing: textsFrom(ENV_VARS, items),
    wanted,
    old: Object.fromEntries(kept.map((key) => [key, ""])),
  });
  if (memberAt(service, ["suspended"]) === "suspended") return;
  const said = (key: string): string => textOf(memberAt(service, [key]), key);
  const subject = { name: said("name"), ownerId: said("ownerId"), progress: call.progress };
  await deploy({ ...place, ...subject });
}
