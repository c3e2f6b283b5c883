import type { ProjectModel, RegistryModel } from "../../infra/model/platform-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import type { Deployment } from "./deployment.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import type { ByKey, ObservedStack } from "./observed.ts";
import { differs } from "./process-problems.ts";
import { registrySettings } from "./settings-finding.ts";

/** The findings of the project's environment: it exists and contains every resource. */
export function projectFindings(project: ProjectModel, { observed }: Deployment): Finding[] {
  const { environment } = project;
  const name = `environment ${environment.name} of project ${project.name}`;
  const found = observed.environment;
  if (found === undefined) return [finding(`${name} exists`, "it does not exist. Run opspec up.")];
  const outside = outsideOf(memberAt(found, ["id"]), observed);
  return [
    finding(`${name} exists`, namesProblem(project, observed)),
    finding(
      `${name} is ${environment.protected ? "protected" : "unprotected"}`,
      differs(
        memberAt(found, ["protectedStatus"]),
        environment.protected ? "protected" : "unprotected",
      ),
    ),
    finding(
      `${name} ${environment.isolated ? "has a network of its own" : "shares its network"}`,
      differs(memberAt(found, ["networkIsolationEnabled"]) ?? false, environment.isolated),
    ),
    finding(
      `every resource is in ${name}`,
      outside.length === 0 ? undefined : `outside of it: ${outside.join(", ")}. Run opspec up.`,
    ),
  ];
}

/** The findings of a registry credential. */
export function registryFindings(model: RegistryModel, { observed }: Deployment): Finding[] {
  const name = `registry ${model.key}`;
  const found = observed.registries[model.key];
  if (found === undefined) return [finding(`${name} exists`, "it does not exist. Run opspec up.")];
  const at = (key: string): Json | undefined => memberAt(found, [key]);
  return [
    finding(`${name} is of ${model.registry}`, differs(at("registry"), model.registry)),
    finding(`${name} has the account ${model.username}`, differs(at("username"), model.username)),
    registrySettings(name, model, found),
    unchecked(`${name} has its token`, "Render never returns a token"),
  ];
}

function namesProblem(
  { name, environment }: ProjectModel,
  { environment: found, project }: ObservedStack,
): string | undefined {
  return (
    differs(memberAt(found, ["name"]), environment.name) ??
    differs(memberAt(project, ["name"]), name)
  );
}

/** Slash paths of the resources outside the environment. */
function outsideOf(environmentId: Json | undefined, observed: ObservedStack): string[] {
  const { services, jobs, envGroups, databases, keyValues } = observed;
  const members = [
    ...entriesOf("services", services, (it) => it.service),
    ...entriesOf("jobs", jobs, (it) => it.service),
    ...entriesOf("envGroups", envGroups, (it) => it.group),
    ...entriesOf("databases", databases, (it) => it.datastore),
    ...entriesOf("keyValues", keyValues, (it) => it.datastore),
  ];
  return members
    .filter(([, it]) => memberAt(it, ["environmentId"]) !== environmentId)
    .map(([path]) => path);
}

function entriesOf<T>(kind: string, found: ByKey<T>, body: (it: T) => Json): [string, Json][] {
  return Object.entries(found).flatMap(([key, it]): [string, Json][] =>
    it === undefined ? [] : [[`${kind}/${key}`, body(it)]],
  );
}
