import type { DiskModel, EnvValue, ServiceModel } from "../../infra/model/stack-model.ts";
import { memberAt } from "../../infra/provider/render/answer.ts";
import { type Finding, finding } from "./finding.ts";
import type { ObservedService } from "./observe.ts";

/** What must be true of a service once it is deployed. */
export function serviceFindings(
  model: ServiceModel,
  observed: ObservedService | undefined,
  optional: ReadonlySet<string>,
): Finding[] {
  const name = `service ${model.key}`;
  if (!observed) return [finding(`${name} is live`, "it does not exist. Run up.")];
  return [
    finding(`${name} is live`, liveProblem(observed)),
    ...(model.disk ? [finding(`${name} has its disk`, diskProblem(model.disk, observed))] : []),
    finding(`${name} has its environment`, envProblem(model.env, observed, optional)),
    ...model.secretFiles.map(({ name: file, content }) =>
      finding(
        `${name} has the file ${file}`,
        observed.secretFiles[file] === content ? undefined : "it is missing or differs. Run up.",
      ),
    ),
  ];
}

/** Why a service is not serving its newest version; `undefined` when it is. */
function liveProblem({ service, deploy }: ObservedService): string | undefined {
  const suspended = memberAt(service, ["suspended"]) === "suspended";
  if (suspended) return "it is suspended. Resume it in Render's dashboard.";
  return deploy === "live" ? undefined : `its newest deploy is ${deploy ?? "missing"}. Run up.`;
}

/**
 * What is missing or differs in an environment.
 *
 * Values of secrets are only asked to be there, and those of `optional` secrets not even that.
 */
export function envProblem(
  env: Readonly<Record<string, EnvValue>>,
  { env: actual }: ObservedService,
  optional: ReadonlySet<string>,
): string | undefined {
  const wrong = Object.entries(env)
    .filter(([key, value]) => !isRight(value, actual[key], optional))
    .map(([key]) => key);
  return wrong.length === 0 ? undefined : `missing or different: ${wrong.join(", ")}. Run up.`;
}

function isRight(
  value: EnvValue,
  actual: string | undefined,
  optional: ReadonlySet<string>,
): boolean {
  if (value.kind === "text") return actual === value.text;
  if (value.kind === "secret" && optional.has(value.secret)) return true;
  return actual !== undefined && actual !== "";
}

function diskProblem(disk: DiskModel, { service }: ObservedService): string | undefined {
  const at = (key: string) => memberAt(service, ["serviceDetails", "disk", key]);
  if (at("id") === undefined) return "there is none. Run up.";
  const mount = at("mountPath");
  const size = at("sizeGB");
  if (mount !== disk.mountPath)
    return `it is mounted at ${String(mount)}, not ${disk.mountPath}. Run up.`;
  return size === disk.sizeGb
    ? undefined
    : `it has ${String(size)} GB, not ${disk.sizeGb}. Run up.`;
}
