import { DEFAULT_SHUTDOWN_SECONDS } from "../../resources/facts.ts";
import { type Json, type JsonObject, memberAt, objectOf, withMember } from "./answer.ts";
import { ALLOW_LIST, type BodyField, type BodyFields, itemsOf } from "./body-fields.ts";
import { ENV_VARS, SECRET_FILES, textsBody } from "./keyed-values.ts";

const details = "serviceDetails";
const specific = "envSpecificDetails";

/** A value with a switch; Render requires a number even when it is disabled. */
const DISABLED_PERCENTAGE = 60;

const apart = (write: readonly string[]): BodyField => ({
  write,
  createOnly: true,
  isReadApart: true,
});

const SHARED: BodyFields = {
  name: { write: ["name"] },
  ownerId: { write: ["ownerId"], createOnly: true },
  environmentId: { write: ["environmentId"], createOnly: true },
  repo: { write: ["repo"] },
  branch: { write: ["branch"] },
  rootDir: { write: ["rootDir"], cleared: "" },
  autoDeploy: {
    write: ["autoDeploy"],
    toApi: (on) => (on ? "yes" : "no"),
    fromApi: (text) => text === "yes",
  },
  autoDeployTrigger: { write: ["autoDeployTrigger"] },
  buildFilter: {
    write: ["buildFilter"],
    fromApi: (filter) => ({
      paths: itemsOf(memberAt(filter, ["paths"])),
      ignoredPaths: itemsOf(memberAt(filter, ["ignoredPaths"])),
    }),
    cleared: { paths: null, ignoredPaths: null },
  },
  previews: { write: [details, "previews", "generation"], cleared: "off" },
  ipAllowList: { ...ALLOW_LIST, write: [details, "ipAllowList"] },
  env: { ...apart(["envVars"]), toApi: (texts) => textsBody(ENV_VARS, texts) },
  secretFiles: { ...apart(["secretFiles"]), toApi: (texts) => textsBody(SECRET_FILES, texts) },
};

/**
 * The inputs of the service types that run processes. @see
 * https://api-docs.render.com/reference/create-service
 */
export const COMPUTE_FIELDS: BodyFields = {
  ...SHARED,
  region: { write: [details, "region"], createOnly: true },
  plan: { write: [details, "plan"] },
  runtime: { write: [details, "runtime"] },
  image: { write: ["image", "imagePath"], read: ["imagePath"] },
  buildCommand: { write: [details, specific, "buildCommand"] },
  startCommand: { write: [details, specific, "startCommand"] },
  dockerCommand: { write: [details, specific, "dockerCommand"], cleared: "" },
  dockerContext: { write: [details, specific, "dockerContext"], cleared: "." },
  dockerfilePath: { write: [details, specific, "dockerfilePath"], cleared: "./Dockerfile" },
  registryCredentialId: { write: [details, specific, "registryCredentialId"], cleared: "" },
  // Sent beside the runtime's details, and read back inside them.
  preDeployCommand: {
    write: [details, "preDeployCommand"],
    read: [details, specific, "preDeployCommand"],
    cleared: "",
  },
  maxShutdownDelaySeconds: {
    write: [details, "maxShutdownDelaySeconds"],
    cleared: DEFAULT_SHUTDOWN_SECONDS,
  },
  healthCheckPath: { write: [details, "healthCheckPath"], cleared: "" },
  schedule: { write: [details, "schedule"] },
  numInstances: { write: [details, "numInstances"], createOnly: true },
  autoscaling: {
    write: [details, "autoscaling"],
    createOnly: true,
    toApi: autoscalingToApi,
    fromApi: autoscalingFromApi,
  },
  disk: { write: [details, "disk"], createOnly: true, toApi: diskToApi, fromApi: diskFromApi },
};

/** The inputs of a static site. Its rules have separate calls once it exists. */
export const STATIC_FIELDS: BodyFields = {
  ...SHARED,
  buildCommand: { write: [details, "buildCommand"], cleared: "" },
  publishPath: { write: [details, "publishPath"], cleared: "public" },
  headers: apart([details, "headers"]),
  routes: apart([details, "routes"]),
};

/** Adds the workspace and the registry credential that Render requires beside an image. */
export function completedBody(body: JsonObject, { image, ownerId }: JsonObject): JsonObject {
  if (image === undefined) return body;
  const owned = withMember(body, ["image", "ownerId"], ownerId ?? null);
  const credential = memberAt(body, [details, specific, "registryCredentialId"]);
  return credential ? withMember(owned, ["image", "registryCredentialId"], credential) : owned;
}

/** The body of a new cron job, which takes the registry credential in the form of the answer. */
export function newCronBody(body: JsonObject): JsonObject {
  const credential = memberAt(body, [details, specific, "registryCredentialId"]);
  if (!credential) return body;
  return withMember(body, [details, specific, "registryCredential"], { id: credential });
}

/** The registry credential: beside an image, or inside the Docker details. */
export function registryCredentialOf(service: Json): Json | undefined {
  return (
    memberAt(service, ["registryCredential", "id"]) ??
    memberAt(service, [details, specific, "registryCredential", "id"])
  );
}

/** The autoscaling of a body from the contract's inputs. */
export function autoscalingToApi(value: Json): JsonObject {
  const { min, max, cpuPercent, memoryPercent } = objectOf(value, "autoscaling");
  return {
    enabled: true,
    min,
    max,
    criteria: { cpu: target(cpuPercent), memory: target(memoryPercent) },
  };
}

function target(percentage: Json | undefined): JsonObject {
  return { enabled: percentage !== undefined, percentage: percentage ?? DISABLED_PERCENTAGE };
}

function autoscalingFromApi(value: Json): JsonObject | undefined {
  if (memberAt(value, ["enabled"]) !== true) return undefined;
  const percent = (of: string): Json | undefined =>
    memberAt(value, ["criteria", of, "enabled"]) === true
      ? memberAt(value, ["criteria", of, "percentage"])
      : undefined;
  const [cpuPercent, memoryPercent] = [percent("cpu"), percent("memory")];
  return {
    min: memberAt(value, ["min"]),
    max: memberAt(value, ["max"]),
    ...(cpuPercent !== undefined && { cpuPercent }),
    ...(memoryPercent !== undefined && { memoryPercent }),
  };
}

/** The disk of a body from the contract's inputs. */
export function diskToApi(disk: Json): JsonObject {
  const { sizeGb, ...rest } = objectOf(disk, "disk");
  return { ...rest, sizeGB: sizeGb };
}

function diskFromApi(value: Json): JsonObject {
  const at = (key: string): Json | undefined => memberAt(value, [key]);
  return { name: at("name"), mountPath: at("mountPath"), sizeGb: at("sizeGB") };
}
