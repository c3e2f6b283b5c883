import { z } from "zod";

import { EnvVarList, SecretFileList } from "./env-bodies.ts";
import { SERVICE_TYPES, type ServiceType } from "./service-types.ts";

/** Seconds that a service may take to stop. */
const SHUTDOWN_SECONDS_MAX = 300;

/** Instances of one service. @see https://render.com/docs/scaling */
const INSTANCES_MAX = 100;

/** A number of instances. */
export const Instances = z.int().min(1).max(INSTANCES_MAX);

/** The URL of a repository at one of Render's Git providers, or of any public one. */
const Repository = z
  .string()
  .regex(/^https:\/\/[\w.-]+(:\d+)?(\/[\w.-]+){2,}\/?$/, "invalid or unfetchable repository URL");

/** An image with its host, tag or digest. */
const ImagePath = z
  .string()
  .regex(/^[\w.-]+(:\d+)?(\/[\w.-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/, "invalid image path");

/** An id of an instance type: letters, digits and separators. */
export const PlanId = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, "invalid plan");

/** A name of a service or database, which becomes part of host names. */
export const ResourceName = z.string().regex(/^[^\p{C}]{1,256}$/u, "invalid name");

const REGIONS = ["oregon", "ohio", "virginia", "frankfurt", "singapore"] as const;

const RUNTIMES = ["docker", "elixir", "go", "image", "node", "python", "ruby", "rust"] as const;

/** One entry of an allow-list. */
export const IpAllow = z.object({ cidrBlock: z.string(), description: z.string().default("") });
export type IpAllow = z.infer<typeof IpAllow>;

export const Region = z.enum(REGIONS);

/** A response header of a static site. */
export const HeaderInput = z.object({
  path: z.string().min(1),
  name: z.string().min(1),
  value: z.string(),
});

/** A redirect or rewrite of a static site. */
export const RouteInput = z.object({
  type: z.enum(["redirect", "rewrite"]),
  source: z.string().min(1),
  destination: z.string().min(1),
});

const Target = z.object({ enabled: z.boolean(), percentage: z.int().min(1).max(100) });

/** The body of `PUT /services/{id}/autoscaling`, also part of a new service. */
export const AutoscalingBody = z.object({
  enabled: z.boolean(),
  min: Instances,
  max: Instances,
  criteria: z.object({ cpu: Target, memory: Target }),
});
export type AutoscalingBody = z.infer<typeof AutoscalingBody>;

const AutoDeployTrigger = z.enum(["commit", "checksPass", "off"]);

/** The changeable fields of a disk. */
export const DiskInput = z.object({
  name: z.string().min(1),
  mountPath: z.string().startsWith("/"),
  sizeGB: z.int().min(1).default(1),
});

/** The fields of native, Docker and image builds; the runtime decides which ones count. */
const EnvSpecificDetails = z.object({
  buildCommand: z.string().optional(),
  startCommand: z.string().optional(),
  dockerCommand: z.string().optional(),
  dockerContext: z.string().optional(),
  dockerfilePath: z.string().optional(),
  registryCredentialId: z.string().optional(),
  /** Cron jobs are created with the shape of the answer. */
  registryCredential: z.object({ id: z.string(), name: z.string().optional() }).optional(),
  preDeployCommand: z.string().optional(),
});
export type EnvSpecificDetails = z.infer<typeof EnvSpecificDetails>;

const previews = {
  previews: z
    .object({ generation: z.enum(["off", "manual", "automatic"]).default("off") })
    .optional(),
  pullRequestPreviewsEnabled: z.enum(["yes", "no"]).optional(),
};

const compute = {
  runtime: z.enum(RUNTIMES).optional(),
  env: z.enum(RUNTIMES).optional(),
  plan: PlanId.optional(),
  envSpecificDetails: EnvSpecificDetails.optional(),
};

const longRunning = {
  ...compute,
  ...previews,
  preDeployCommand: z.string().optional(),
  maxShutdownDelaySeconds: z.int().min(1).max(SHUTDOWN_SECONDS_MAX).optional(),
};

const open = {
  ipAllowList: z.array(IpAllow).optional(),
  renderSubdomainPolicy: z.enum(["enabled", "disabled"]).optional(),
};

const web = {
  ...longRunning,
  ...open,
  healthCheckPath: z.string().optional(),
  maintenanceMode: z.object({ enabled: z.boolean(), uri: z.string().default("") }).optional(),
};

const cron = { ...compute, schedule: z.string().optional() };

const staticSite = {
  ...previews,
  ...open,
  buildCommand: z.string().optional(),
  publishPath: z.string().optional(),
};

/** Only for a new static site; later changes have their own operations. */
const rules = {
  headers: z.array(HeaderInput).optional(),
  routes: z.array(RouteInput).optional(),
};

/** Only for a new service; later changes have their own operations, or are impossible. */
const regional = { region: Region.optional() };
const scalable = {
  ...regional,
  numInstances: Instances.optional(),
  autoscaling: AutoscalingBody.optional(),
  disk: DiskInput.optional(),
};

/** Every field of every type, the input of the normalisation. */
const AnyDetails = z.object({
  ...web,
  ...scalable,
  ...cron,
  ...staticSite,
  ...rules,
  cache: z.object({ profile: z.string() }).optional(),
});
export type DetailsInput = z.infer<typeof AnyDetails>;

/** `serviceDetails` of a new service, by type. */
const CREATE_DETAILS: Record<ServiceType, z.ZodType<DetailsInput>> = {
  web_service: z.object({ ...web, ...scalable }),
  private_service: z.object({ ...longRunning, ...scalable }),
  background_worker: z.object({ ...longRunning, ...scalable }),
  cron_job: z.object({ ...cron, ...regional }),
  static_site: z.object({ ...staticSite, ...rules }),
};

/** `serviceDetails` of a change, by type. */
const PATCH_DETAILS: Record<ServiceType, z.ZodType<DetailsInput>> = {
  web_service: z.object({ ...web, cache: z.object({ profile: z.string() }).optional() }),
  private_service: z.object(longRunning),
  background_worker: z.object(longRunning),
  cron_job: z.object(cron),
  static_site: z.object(staticSite),
};

/** The changeable fields of every service. */
const changeable = {
  name: ResourceName.optional(),
  repo: Repository.optional(),
  branch: z.string().optional(),
  image: z
    .object({
      ownerId: z.string().optional(),
      imagePath: ImagePath,
      registryCredentialId: z.string().optional(),
    })
    .optional(),
  autoDeploy: z.enum(["yes", "no"]).optional(),
  autoDeployTrigger: AutoDeployTrigger.optional(),
  buildFilter: z
    .object({
      paths: z.array(z.string()).nullish(),
      ignoredPaths: z.array(z.string()).nullish(),
    })
    .optional(),
  rootDir: z.string().optional(),
};

/** The body of `POST /services` for one type. */
export function createServiceBody(type: ServiceType) {
  return z.object({
    ...changeable,
    type: z.literal(type),
    name: ResourceName,
    ownerId: z.string(),
    envVars: EnvVarList.default([]),
    secretFiles: SecretFileList.default([]),
    environmentId: z.string().min(1).optional(),
    serviceDetails: CREATE_DETAILS[type].default({}),
  });
}
export type CreateServiceBody = z.infer<ReturnType<typeof createServiceBody>>;

/** The body of `PATCH /services/{id}` for one type. */
export function patchServiceBody(type: ServiceType) {
  return z.object({ ...changeable, serviceDetails: PATCH_DETAILS[type].default({}) });
}
export type PatchServiceBody = z.infer<ReturnType<typeof patchServiceBody>>;

/** The part of `POST /services` that selects the schema of the rest. */
export const ServiceTypeBody = z.looseObject({
  type: z.enum(Object.keys(SERVICE_TYPES) as [ServiceType, ...ServiceType[]]),
});
