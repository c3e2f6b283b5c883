import type { Problem } from "../../errors.ts";
import type { ServiceSpec } from "../../spec/service.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { isNative, isSupervised } from "../supervision.ts";

type ServicePart = DeepPartial<ServiceSpec>;
type Kind = ServiceSpec["type"];

/** Keys that a kind of service cannot have, with the reason. @see https://render.com/docs/service-types */
const IMPOSSIBLE: Readonly<
  Partial<Record<keyof ServiceSpec, { kinds: readonly Kind[]; why: string }>>
> = {
  health: {
    kinds: ["private", "worker", "static"],
    why: "Render polls only web services over HTTP.",
  },
  domains: {
    kinds: ["private", "worker", "container"],
    why: "Only web services and static sites have domains on Render.",
  },
  allowList: {
    kinds: ["private", "worker", "static", "container"],
    why: "Only a web service is open to the internet.",
  },
  disk: {
    kinds: ["static", "container"],
    why: "A disk belongs to a process on Render; a container has volumes.",
  },
  plan: { kinds: ["static", "container"], why: "It has no instance type." },
  region: { kinds: ["static", "container"], why: "It has no region." },
  instances: { kinds: ["static", "container"], why: "It has no instances on Render." },
  autoscale: { kinds: ["static", "container"], why: "It has no instances on Render." },
  start: { kinds: ["static"], why: "Files are not started." },
  runtime: { kinds: ["static"], why: "Files have no runtime." },
  supervise: { kinds: ["static"], why: "Files have no process." },
  port: { kinds: ["static", "worker"], why: "It listens on no port." },
  shutdown: { kinds: ["static", "container"], why: "Render ends only its own processes." },
  preDeploy: {
    kinds: ["static", "container"],
    why: "Render runs it only for processes of its own.",
  },
  secretFiles: { kinds: ["static"], why: "Files have no process that could read them." },
  publish: {
    kinds: ["web", "private", "worker", "container"],
    why: "Only a static site publishes files.",
  },
  headers: {
    kinds: ["web", "private", "worker", "container"],
    why: "Only a static site has headers; an app sends its own.",
  },
  routes: {
    kinds: ["web", "private", "worker", "container"],
    why: "Only a static site has routes; an app has its own.",
  },
  volumes: {
    kinds: ["web", "private", "worker", "static"],
    why: "Only a container has volumes; on Render use disk.",
  },
  vm: { kinds: ["web", "private", "worker", "static"], why: "Only a container runs on a VM." },
  previews: { kinds: ["container"], why: "Only Render has previews." },
  envGroups: { kinds: ["container"], why: "Env groups exist only on Render." },
};

/** Names of the kinds, for messages. */
const KIND_WORDS: Readonly<Record<Kind, string>> = {
  web: "a web service",
  private: "a private service",
  worker: "a worker",
  static: "a static site",
  container: "a container",
};

/** Checks each service for keys that its kind requires or cannot have. */
export function validateServiceKinds(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.services).flatMap(([key, service]) => [
    ...impossible(key, service),
    ...missingPlan(key, service),
    ...missingCommands(key, service),
    ...imageProblems(key, service),
    ...missingVm(spec, key, service),
  ]);
}

function impossible(key: string, service: ServicePart): Problem[] {
  const { type } = service;
  if (type === undefined) return [];
  const given = new Map<string, unknown>(Object.entries(service));
  return Object.entries(IMPOSSIBLE).flatMap(([name, rule]) => {
    if (given.get(name) === undefined || !rule.kinds.includes(type)) return [];
    const path = `services/${key}/${name}`;
    return [
      { path, message: `${KIND_WORDS[type]} cannot have it. ${rule.why}`, remedy: "Remove it." },
    ];
  });
}

function missingPlan(key: string, { type, plan }: ServicePart): Problem[] {
  if (plan !== undefined || type === undefined || type === "static" || type === "container")
    return [];
  return [
    {
      path: `services/${key}/plan`,
      message: "is missing.",
      remedy: "Add it, for example plan: starter; Render's default costs money and changes.",
    },
  ];
}

function missingCommands(key: string, service: ServicePart): Problem[] {
  const { type, source, runtime, start, build } = service;
  if (source === undefined || type === undefined) return [];
  const path = `services/${key}`;
  if (type === "static") {
    if (build !== undefined || service.publish !== undefined) return [];
    return [
      {
        path,
        message: "a static site needs build or publish.",
        remedy: "Set the directory that it publishes.",
      },
    ];
  }
  if (runtime === undefined && !("image" in source)) {
    return [
      {
        path: `${path}/runtime`,
        message: "is missing.",
        remedy: "Set how the repository is built, for example runtime: docker.",
      },
    ];
  }
  if (!isNative(service)) return [];
  const missing = [
    ...(start === undefined ? ["start"] : []),
    // Under the runtime the build command at least fetches the runtime.
    ...(build === undefined && !isSupervised(service) ? ["build"] : []),
  ];
  return missing.map((command) => ({
    path: `${path}/${command}`,
    message: `a ${runtime} service needs a ${command} command.`,
    remedy: `Add ${command}:.`,
  }));
}

function imageProblems(key: string, { source, build, runtime, docker }: ServicePart): Problem[] {
  const path = `services/${key}`;
  if (docker !== undefined && runtime !== "docker") {
    return [
      {
        path: `${path}/docker`,
        message: "is only for runtime: docker.",
        remedy: "Remove it, or set the runtime.",
      },
    ];
  }
  if (build !== undefined && runtime === "docker") {
    return [
      {
        path: `${path}/build`,
        message: "a docker service is built by its Dockerfile.",
        remedy: "Remove it.",
      },
    ];
  }
  if (!source || !("image" in source) || source.image === undefined) return [];
  return [
    ...(build === undefined
      ? []
      : [
          {
            path: `${path}/build`,
            message: "an image is not built.",
            remedy: "Remove it, or build from a repo:.",
          },
        ]),
    ...(runtime === undefined
      ? []
      : [
          {
            path: `${path}/runtime`,
            message: "an image needs no runtime.",
            remedy: "Remove it.",
          },
        ]),
  ];
}

function missingVm(spec: PartialStackSpec, key: string, { type, vm }: ServicePart): Problem[] {
  const machines = Object.keys(spec.vms ?? {});
  if (type !== "container" || vm !== undefined || machines.length === 1) return [];
  return [
    {
      path: `services/${key}/vm`,
      message:
        machines.length === 0
          ? "there is no VM on which it could run."
          : `is missing; there are ${machines.length} VMs.`,
      remedy:
        machines.length === 0 ? "Declare one under vms." : `Name one of ${machines.join(", ")}.`,
    },
  ];
}
