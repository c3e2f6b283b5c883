import type { EnvValue, SecretFileModel } from "../../infra/model/stack-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import type { Deployment } from "./deployment.ts";
import { type Finding, finding } from "./finding.ts";
import type { ObservedGroup, ObservedService, Texts } from "./observed.ts";
import { expectedText } from "./real-address.ts";

type Env = Readonly<Record<string, EnvValue>>;

/** The parts of a model that define the environment of its process. */
export interface EnvSubject {
  readonly env: Env;
  readonly lateEnv?: Env;
  readonly envGroups?: readonly string[];
  readonly secretFiles?: readonly SecretFileModel[];
}

/** The findings of a process's environment: its variables, groups, files and links. */
export function environmentFindings(
  name: string,
  subject: EnvSubject,
  { observed, deployment }: { observed: ObservedService; deployment: Deployment },
): Finding[] {
  const { envGroups = [], secretFiles = [] } = subject;
  const id = idOf(observed.service);
  const unlinked = envGroups.filter(
    (key) => !deployment.observed.envGroups[key]?.linked.includes(id),
  );
  return [
    finding(`${name} has its environment`, processEnvProblem(subject, observed, deployment)),
    ...(envGroups.length > 0
      ? [finding(`${name} is linked to ${envGroups.join(", ")}`, unlinkedProblem(unlinked))]
      : []),
    ...fileFindings(name, secretFiles, { actual: observed.secretFiles, deployment }),
  ];
}

/** One finding per file. */
export function fileFindings(
  name: string,
  files: readonly SecretFileModel[],
  { actual, deployment }: { actual: Texts; deployment: Deployment },
): Finding[] {
  return files.map((file) =>
    finding(
      `${name} has the file ${file.name}`,
      isRightFile(file, actual[file.name], deployment)
        ? undefined
        : "it is missing or differs. Run opspec up.",
    ),
  );
}

/**
 * The variables that are missing or different.
 *
 * Texts and addresses must be equal. Secrets only need to be set, and optional secrets not even
 * that.
 */
export function envProblem(env: Env, actual: Texts, deployment: Deployment): string | undefined {
  const wrong = Object.entries(env)
    .filter(([key, value]) => !isRight(value, actual[key], deployment))
    .map(([key]) => key);
  return wrong.length === 0
    ? undefined
    : `missing or different: ${wrong.join(", ")}. Run opspec up.`;
}

/** Variables of groups, overridden by the service's own, as the process sees them. */
function processEnvProblem(
  subject: EnvSubject,
  observed: ObservedService,
  deployment: Deployment,
): string | undefined {
  const { env, lateEnv = {}, envGroups = [] } = subject;
  const own = { ...env, ...lateEnv };
  const groups = deployment.model.envGroups.filter((it) => envGroups.includes(it.key));
  const shared = Object.assign({}, ...groups.map((it) => it.env)) as Env;
  const fromGroups = Object.entries(shared).filter(([key]) => !(key in own));
  const actual = { ...sharedTexts(observed, subject, deployment), ...observed.env };
  const hidden = fromGroups
    .filter(([key, value]) => key in observed.env && !isRight(value, actual[key], deployment))
    .map(([key]) => key);
  const wanted = { ...Object.fromEntries(fromGroups), ...own };
  const rest = Object.entries(wanted).filter(([key]) => !hidden.includes(key));
  const problems = [
    envProblem(Object.fromEntries(rest), actual, deployment),
    hidden.length === 0
      ? undefined
      : `hidden by variables of the service that the spec does not declare: ${hidden.join(", ")}. Remove them in Render's dashboard.`,
  ].filter((it) => it !== undefined);
  return problems.length === 0 ? undefined : problems.join(" ");
}

/**
 * The variables of the linked groups. Of two with one name, Render uses that of the newer group.
 */
function sharedTexts(
  { service }: ObservedService,
  { envGroups = [] }: EnvSubject,
  { observed }: Deployment,
): Texts {
  const linked = envGroups
    .flatMap((key) => observed.envGroups[key] ?? [])
    .filter((it) => it.linked.includes(idOf(service)))
    .toSorted((a, b) => createdAt(a).localeCompare(createdAt(b)));
  return Object.assign({}, ...linked.map((it) => it.env)) as Texts;
}

function isRight(
  value: EnvValue,
  actual: string | undefined,
  { observed, optional }: Deployment,
): boolean {
  if (value.kind === "secret" && optional.has(value.secret)) return true;
  const expected = expectedText(value, observed);
  return expected === undefined ? Boolean(actual) : actual === expected;
}

function isRightFile(
  { content, secret }: SecretFileModel,
  actual: string | undefined,
  { optional }: Deployment,
): boolean {
  if (secret === undefined) return actual === content;
  return Boolean(actual) || optional.has(secret);
}

function unlinkedProblem(keys: readonly string[]): string | undefined {
  return keys.length === 0 ? undefined : `it is not linked to ${keys.join(", ")}. Run opspec up.`;
}

function idOf(service: Json): string {
  return String(memberAt(service, ["id"]));
}

function createdAt({ group }: ObservedGroup): string {
  return String(memberAt(group, ["createdAt"]));
}
