import { CronJob } from "../../resources/render/cron-job.ts";
import { WebService } from "../../resources/render/web-service.ts";
import { implement, type ResourceType } from "../kit/plugin.ts";
import { type Json, memberAt, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";
import {
  commonOutputs,
  createService,
  readService,
  removeService,
  type ServiceContract,
  type ServiceKind,
  updateService,
} from "./service.ts";

/** The port on which Render expects a web service unless it says another. @see https://render.com/docs/web-services#port-binding */
const DEFAULT_PORT = 10_000;

/** A public web service. */
export const webService = serviceType({
  type: "web_service",
  contract: WebService,
  outputs: (service) => ({
    ...commonOutputs(service),
    url: textOf(memberAt(service, ["serviceDetails", "url"]), "url"),
    privateUrl: `http://${commonOutputs(service).slug}:${portOf(service)}`,
  }),
});

/** A process on a UTC schedule. */
export const cronJob = serviceType({ type: "cron_job", contract: CronJob, outputs: commonOutputs });

/** The four functions of a service type. */
function serviceType(kind: ServiceKind): ResourceType<RenderClient> {
  return implement<ServiceContract, RenderClient>(kind.contract, {
    create: (inputs, call) => createService(kind, inputs, call),
    read: (id, call, known) => readService({ kind, id, call }, known),
    update: (id, wanted, call) => updateService({ kind, id, call }, wanted),
    remove: removeService,
  });
}

function portOf(service: Json): number {
  const ports = memberAt(service, ["serviceDetails", "openPorts"]);
  const port = Array.isArray(ports) ? memberAt(ports[0] as Json, ["port"]) : undefined;
  return typeof port === "number" ? port : DEFAULT_PORT;
}
