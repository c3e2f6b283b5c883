import { DEFAULT_PORT } from "../../resources/facts.ts";
import { BackgroundWorker } from "../../resources/render/background-worker.ts";
import { CronJob } from "../../resources/render/cron-job.ts";
import { PrivateService } from "../../resources/render/private-service.ts";
import { StaticSite } from "../../resources/render/static-site.ts";
import { WebService } from "../../resources/render/web-service.ts";
import { implement, type ResourceType } from "../kit/plugin.ts";
import { type Json, memberAt, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";
import {
  announceService,
  commonOutputs,
  createService,
  removeService,
  updateService,
} from "./service.ts";
import { readService } from "./service-read.ts";
import { COMPUTE_FIELDS, newCronBody, STATIC_FIELDS } from "./service-fields.ts";
import type { ServiceContract, ServiceKind } from "./service-place.ts";

/** Every service type. */
const SERVICE_KINDS: readonly ServiceKind[] = [
  {
    type: "web_service",
    contract: WebService,
    fields: COMPUTE_FIELDS,
    outputs: (service) => ({
      ...commonOutputs(service),
      url: urlOf(service),
      privateUrl: privateUrlOf(service),
    }),
  },
  {
    type: "private_service",
    contract: PrivateService,
    fields: COMPUTE_FIELDS,
    outputs: (service) => ({ ...commonOutputs(service), privateUrl: privateUrlOf(service) }),
  },
  {
    type: "background_worker",
    contract: BackgroundWorker,
    fields: COMPUTE_FIELDS,
    outputs: commonOutputs,
  },
  {
    type: "cron_job",
    contract: CronJob,
    fields: COMPUTE_FIELDS,
    completeNew: newCronBody,
    outputs: commonOutputs,
  },
  {
    type: "static_site",
    contract: StaticSite,
    fields: STATIC_FIELDS,
    outputs: (service) => ({ ...commonOutputs(service), url: urlOf(service) }),
  },
];

/** The resource types of all service types. */
export const serviceTypes: readonly ResourceType<RenderClient>[] = SERVICE_KINDS.map(serviceType);

/** The implementation of a service type. */
function serviceType(kind: ServiceKind): ResourceType<RenderClient> {
  return implement<ServiceContract, RenderClient>(kind.contract, {
    create: (inputs, call) => createService(kind, inputs, call),
    read: (id, call, known) => readService({ kind, id, call }, known),
    update: (id, wanted, call) => updateService({ kind, id, call }, wanted),
    announce: announceService,
    remove: removeService,
  });
}

function urlOf(service: Json): string {
  return textOf(memberAt(service, ["serviceDetails", "url"]), "url");
}

function privateUrlOf(service: Json): string {
  return `http://${commonOutputs(service).slug}:${portOf(service)}`;
}

function portOf(service: Json): number {
  const ports = memberAt(service, ["serviceDetails", "openPorts"]);
  const port = Array.isArray(ports) ? memberAt(ports[0] as Json, ["port"]) : undefined;
  return typeof port === "number" ? port : DEFAULT_PORT;
}
