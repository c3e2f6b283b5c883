import type { z } from "zod";
import type { InputsOf, ResourceContract } from "../../resources/contract.ts";
import type {
  identityFields,
  processFields,
  repositoryFields,
} from "../../resources/render/service-fields.ts";
import type { Call } from "../kit/plugin.ts";
import type { Json, JsonObject } from "./answer.ts";
import type { BodyFields } from "./body-fields.ts";
import type { RenderClient } from "./client.ts";
import type { Target } from "./keyed-values.ts";

/** A Render service type and its contract. */
export interface ServiceKind {
  /** Render's name of the type, for example `web_service`. */
  readonly type: string;
  readonly contract: ServiceContract;
  readonly fields: BodyFields;
  /** Changes to the body of a new service. */
  readonly completeNew?: (body: JsonObject) => JsonObject;
  readonly outputs: (service: Json) => JsonObject;
}

/** A contract with what every service type has. */
export type ServiceContract = ResourceContract<
  z.ZodObject<typeof identityFields & typeof repositoryFields & typeof processFields>
>;

export type ServiceInputs = InputsOf<ServiceContract>;

/** The arguments of every function of a resource. */
export type RenderCall = Call<RenderClient>;

/** An existing service and the current call. */
export interface ExistingService {
  readonly kind: ServiceKind;
  readonly id: string;
  readonly call: RenderCall;
}

/** A service during an operation, as it was at the start. */
export interface ServiceTarget extends Target {
  readonly serviceId: string;
  readonly service: Json;
}

/** The current service. */
export async function getService({
  client,
  serviceId,
  signal,
}: Pick<ServiceTarget, "client" | "serviceId" | "signal">): Promise<Json> {
  const { body } = await client.request({
    method: "GET",
    path: `/services/${serviceId}`,
    doing: `read service ${serviceId}`,
    signal,
  });
  return body;
}

/** The path of an existing service. */
export function placeOf({ id, call }: ExistingService): Omit<ServiceTarget, "service"> {
  return { client: call.client, serviceId: id, path: `/services/${id}`, signal: call.signal };
}
