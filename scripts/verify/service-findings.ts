import type { StaticSiteModel } from "../../infra/model/platform-model.ts";
import type { AutoscaleModel, DiskModel, ServiceModel } from "../../infra/model/stack-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import type { Deployment } from "./deployment.ts";
import { environmentFindings } from "./env-findings.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import type { ObservedService } from "./observed.ts";
import {
  commandFindings,
  differs,
  liveProblem,
  sourceProblem,
  sourceWords,
} from "./process-problems.ts";
import { serviceSettings, siteSettings } from "./settings-finding.ts";

/** The findings of a deployed service. `hasDns`: whether public names can point to this cloud. */
export function serviceFindings(
  model: ServiceModel,
  deployment: Deployment,
  hasDns: boolean,
): Finding[] {
  const name = `service ${model.key}`;
  const observed = deployment.observed.services[model.key];
  if (!observed) return [finding(`${name} is live`, "it does not exist. Run opspec up.")];
  return [
    finding(`${name} is live`, liveProblem(observed)),
    finding(
      `${name} comes from ${sourceWords(model.source)}`,
      sourceProblem(model.source, observed),
    ),
    ...commandFindings(name, { ...model, command: model.startCommand }, observed),
    finding(`${name} has plan ${model.plan}`, differs(detail(observed, "plan"), model.plan)),
    ...scaleFindings(name, model, observed),
    ...(model.disk ? [finding(`${name} has its disk`, diskProblem(model.disk, observed))] : []),
    serviceSettings(name, model, { observed, stack: deployment.observed }),
    ...environmentFindings(name, model, { observed, deployment }),
    ...domainFindings(name, model.domains, { observed, hasDns }),
  ];
}

/** The findings of a deployed static site. */
export function siteFindings(
  model: StaticSiteModel,
  deployment: Deployment,
  hasDns: boolean,
): Finding[] {
  const name = `static site ${model.key}`;
  const observed = deployment.observed.services[model.key];
  if (!observed) return [finding(`${name} is live`, "it does not exist. Run opspec up.")];
  const { publishPath, buildCommand } = model;
  return [
    finding(`${name} is live`, liveProblem(observed)),
    finding(
      `${name} comes from ${sourceWords(model.source)}`,
      sourceProblem(model.source, observed),
    ),
    ...(buildCommand === undefined
      ? []
      : [
          finding(
            `${name} is built by ${buildCommand}`,
            differs(detail(observed, "buildCommand"), buildCommand),
          ),
        ]),
    finding(
      `${name} publishes ${publishPath}`,
      differs(detail(observed, "publishPath"), publishPath),
    ),
    siteSettings(name, model, observed),
    ...environmentFindings(name, model, { observed, deployment }),
    ...domainFindings(name, model.domains, { observed, hasDns }),
  ];
}

function scaleFindings(
  name: string,
  { instances, autoscale }: ServiceModel,
  observed: ObservedService,
): Finding[] {
  if (autoscale) {
    const { min, max } = autoscale;
    return [
      finding(`${name} has ${min} to ${max} instances`, autoscaleProblem(autoscale, observed)),
    ];
  }
  if (instances === undefined) return [];
  const actual = detail(observed, "numInstances");
  return [finding(`${name} has ${instances} instance(s)`, differs(actual, instances))];
}

function autoscaleProblem(
  { min, max, cpuPercent, memoryPercent }: AutoscaleModel,
  observed: ObservedService,
): string | undefined {
  const autoscaling = detail(observed, "autoscaling");
  if (memberAt(autoscaling, ["enabled"]) !== true) return "autoscaling is off. Run opspec up.";
  const wanted = { min, max, cpu: cpuPercent, memory: memoryPercent };
  const actual = {
    min: memberAt(autoscaling, ["min"]),
    max: memberAt(autoscaling, ["max"]),
    cpu: target(autoscaling, "cpu"),
    memory: target(autoscaling, "memory"),
  };
  const wrong = (["min", "max", "cpu", "memory"] as const).filter(
    (key) => actual[key] !== wanted[key],
  );
  return wrong.length === 0 ? undefined : `different: ${wrong.join(", ")}. Run opspec up.`;
}

/** The target percentage; `undefined` when the criterion is off. */
function target(autoscaling: Json | undefined, of: "cpu" | "memory"): Json | undefined {
  const at = (key: string): Json | undefined => memberAt(autoscaling, ["criteria", of, key]);
  return at("enabled") === true ? at("percentage") : undefined;
}

function diskProblem(disk: DiskModel, observed: ObservedService): string | undefined {
  const at = (key: string) => memberAt(detail(observed, "disk"), [key]);
  if (at("id") === undefined) return "it has no disk. Run opspec up.";
  const mount = at("mountPath");
  const size = at("sizeGB");
  if (at("name") !== disk.name)
    return `it is called ${String(at("name"))}, not ${disk.name}. Run opspec up.`;
  if (mount !== disk.mountPath)
    return `it is mounted at ${String(mount)}, not ${disk.mountPath}. Run opspec up.`;
  return size === disk.sizeGb
    ? undefined
    : `it has ${String(size)} GB, not ${disk.sizeGb}. Run opspec up.`;
}

function domainFindings(
  name: string,
  domains: readonly string[] = [],
  { observed, hasDns }: { observed: ObservedService; hasDns: boolean },
): Finding[] {
  return domains.flatMap((domain) => {
    const status = observed.domains[domain];
    const has = `${name} has the domain ${domain}`;
    if (status === undefined) return [finding(has, "the domain is missing. Run opspec up.")];
    return [finding(has, undefined), dnsFinding(domain, { status, hasDns, observed })];
  });
}

function dnsFinding(
  domain: string,
  { status, hasDns, observed }: { status: string; hasDns: boolean; observed: ObservedService },
): Finding {
  const check = `DNS of ${domain} points to it`;
  if (!hasDns) return unchecked(check, "public DNS names cannot point to this cloud");
  const slug = String(memberAt(observed.service, ["slug"]));
  const remedy = `Point it to ${slug}.onrender.com, then verify the domain in Render's dashboard.`;
  return finding(
    check,
    status === "verified" ? undefined : `Render reports it as ${status}. ${remedy}`,
  );
}

function detail({ service }: ObservedService, key: string): Json | undefined {
  return memberAt(service, ["serviceDetails", key]);
}
