import { commandInputs } from "../../infra/components/source.ts";
import type { SourceModel } from "../../infra/model/stack-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import { needsDeploy } from "../../infra/provider/render/deploy.ts";
import { rulesOf } from "../../infra/resources/contract.ts";
import { computeFields } from "../../infra/resources/render/service-fields.ts";
import { type Finding, finding } from "./finding.ts";
import type { ObservedService } from "./observed.ts";

/** The difference between actual and wanted; `undefined` when they are equal. */
export function differs(
  actual: Json | undefined,
  wanted: Json,
  remedy = "Run opspec up.",
): string | undefined {
  return actual === wanted ? undefined : `it is ${shown(actual)}, not ${shown(wanted)}. ${remedy}`;
}

/** Why a service does not run its newest deploy; `undefined` when it does. */
export function liveProblem({ service, deploy }: ObservedService): string | undefined {
  const suspended = memberAt(service, ["suspended"]) === "suspended";
  if (suspended) return "it is suspended. Resume it in Render's dashboard.";
  if (deploy === "live") return undefined;
  const isUnderWay = deploy !== undefined && !needsDeploy(deploy);
  const remedy = isUnderWay ? "Wait for it, then run opspec verify again." : "Run opspec up.";
  return `its newest deploy is ${deploy ?? "missing"}. ${remedy}`;
}

/** The first digits identify a digest. */
const DIGEST = /(@sha256:[0-9a-f]{12})[0-9a-f]+$/;

/** The source in words. */
export function sourceWords(source: SourceModel): string {
  return source.kind === "image"
    ? source.image.replace(DIGEST, "$1…")
    : `${source.repo}, branch ${source.branch}`;
}

/** The difference of the source, after Render's normalisation of repositories and images. */
export function sourceProblem(
  source: SourceModel,
  { service }: ObservedService,
): string | undefined {
  const at = (key: string): Json | undefined => memberAt(service, [key]);
  if (source.kind === "image") return differsAs("image", at("imagePath"), source.image);
  return differsAs("repo", at("repo"), source.repo) ?? differs(at("branch"), source.branch);
}

/** The parts of a model that define build and start. */
export interface Commanded {
  readonly runtime: string;
  readonly buildCommand?: string | undefined;
  /** The start command. */
  readonly command: string | undefined;
}

/**
 * The finding of its commands in the fields that Render reads for its runtime; none without
 * commands.
 */
export function commandFindings(
  name: string,
  { runtime, buildCommand, command }: Commanded,
  { service }: ObservedService,
): Finding[] {
  const wanted = Object.entries({
    ...commandInputs(runtime, command),
    ...(buildCommand !== undefined && { buildCommand }),
  });
  const wrong = wanted.flatMap(([field, text]) => {
    const actual = memberAt(service, ["serviceDetails", "envSpecificDetails", field]);
    return actual === text ? [] : [`${field} is ${shown(actual)}, not ${text}.`];
  });
  const problem = wrong.length === 0 ? undefined : `${wrong.join(" ")} Run opspec up.`;
  return wanted.length === 0 ? [] : [finding(`${name} has its commands`, problem)];
}

function differsAs(
  field: "image" | "repo",
  actual: Json | undefined,
  wanted: string,
): string | undefined {
  const { normalise = (it: string) => it } = rulesOf(computeFields[field]);
  return typeof actual === "string" && normalise(actual) === normalise(wanted)
    ? undefined
    : differs(actual, wanted);
}

function shown(value: Json | undefined): string {
  return value === undefined || value === null ? "missing" : String(value);
}
