import type { Problem } from "../../errors.ts";
import type { JobSpec } from "../../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { appServiceOf, vmOfJob } from "../job-owner.ts";
import { isInFront, isSupervised, superviseBlock } from "../supervision.ts";

type JobPart = DeepPartial<JobSpec>;
type Rule = (spec: PartialStackSpec, path: string, job: JobPart) => Problem[];

const RULES: readonly Rule[] = [
  oneOwner,
  strayKeys,
  callableService,
  supervisedService,
  appOwner,
  vmOwner,
];

/** Requires exactly one owner of each job, and one that can run it. */
export function validateJobOwners(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.jobs).flatMap(([key, job]) =>
    RULES.flatMap((rule) => rule(spec, `jobs/${key}`, job)),
  );
}

function oneOwner(_spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const owners = (["in", "on", "by"] as const).filter((key) => job[key] !== undefined);
  if (owners.length === 1) return [];
  if (owners.length === 0) {
    const remedy = "Set the owner: in: <service>, on: render, on: vm or by: app.";
    return [{ path, message: "has no owner.", remedy }];
  }
  const said = owners.map((key) => `${key}: ${job[key]}`).join(" and ");
  return [
    {
      path: `${path}/${owners[1]}`,
      message: `has two owners, ${said}: it would run twice.`,
      remedy: "Keep one.",
    },
  ];
}

/** Keys that require another key. */
function strayKeys(_spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const isOnRender = job.on === "render";
  const stray = [
    job.calls !== undefined && !isOnRender && { key: "calls", needs: "on: render" },
    job.like !== undefined && !isOnRender && { key: "like", needs: "on: render" },
    job.plan !== undefined && !isOnRender && { key: "plan", needs: "on: render" },
    job.vm !== undefined && job.on !== "vm" && { key: "vm", needs: "on: vm" },
    job.of !== undefined && job.by !== "app" && { key: "of", needs: "by: app" },
    job.appRuns !== undefined && job.by !== "app" && { key: "appRuns", needs: "by: app" },
    job.catchUp !== undefined && job.in === undefined && { key: "catchUp", needs: "in:" },
    job.jitter !== undefined && job.in === undefined && { key: "jitter", needs: "in:" },
  ].filter((it) => it !== false);
  return stray.map(({ key, needs }) => ({
    path: `${path}/${key}`,
    message: `is only for jobs with ${needs}.`,
    remedy: `Remove it, or use ${needs}.`,
  }));
}

function callableService(spec: PartialStackSpec, path: string, { calls }: JobPart): Problem[] {
  const service = calls === undefined ? undefined : spec.services?.[calls];
  if (!service?.type) return [];
  if (!["web", "private"].includes(service.type)) {
    return [
      {
        path: `${path}/calls`,
        message: `nothing can call "${calls}", which is of type ${service.type}.`,
        remedy: "Call a web or private service, or use in: with a worker.",
      },
    ];
  }
  if (!isSupervised(service)) return [notSupervised(`${path}/calls`, calls)];
  if (isInFront(service) || superviseBlock(service).opsPort !== undefined) return [];
  return [
    {
      path: `${path}/calls`,
      message: `the runtime of "${calls}" listens on no port.`,
      remedy: `Give services/${calls}/supervise front: true or an opsPort:.`,
    },
  ];
}

function supervisedService(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  const service = job.in === undefined ? undefined : spec.services?.[job.in];
  if (!service?.type || isSupervised(service)) return [];
  if (service.type !== "static") return [notSupervised(`${path}/in`, job.in)];
  return [
    {
      path: `${path}/in`,
      message: `"${job.in}" is a static site and runs nothing.`,
      remedy: "Name another service.",
    },
  ];
}

function notSupervised(path: string, service: string | undefined): Problem {
  return {
    path,
    message: `"${service}" does not run under the runtime, so nothing there can run the job.`,
    remedy: `Set supervise: true in services/${service}; its image must then have /opt/opspec.`,
  };
}

function appOwner(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  if (job.by !== "app" || appServiceOf(spec, job) !== undefined) return [];
  return [
    {
      path: `${path}/of`,
      message: "is missing; there are several services.",
      remedy: "Name the service whose app runs the job.",
    },
  ];
}

function vmOwner(spec: PartialStackSpec, path: string, job: JobPart): Problem[] {
  if (job.on !== "vm" || vmOfJob(spec, job) !== undefined) return [];
  const hasVms = Object.keys(spec.vms ?? {}).length > 0;
  return [
    {
      path: `${path}/on`,
      message: hasVms ? "there are several VMs." : "there is no VM in this stack.",
      remedy: hasVms ? "Name one with vm:." : "Declare one under vms, or choose another owner.",
    },
  ];
}
