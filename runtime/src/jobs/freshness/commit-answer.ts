import { errorWords } from "../../health/error-words.ts";
import type { JobContext } from "../definition.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { valueOf } from "../../contract/env.ts";
import type { CommitAnswer } from "./freshness-verdict.ts";
import type { FreshnessPlace, MainPlace } from "./options.ts";

/** Where the systems and GitHub name a commit, in the order in which it is looked for. */
const COMMIT_FIELDS = ["git_sha", "sha", "commit", "object.sha"];

/** A commit by Git's names, whole or short; `unknown` is what a build without one says. */
const COMMIT = /^[0-9a-f]{7,64}$/i;

/** What is asked, and by which limits. */
export interface Question {
  readonly context: Pick<JobContext, "job" | "env" | "signal">;
  /** Which option it is, for messages. */
  readonly option: string;
  readonly timeoutMs: number;
}

/** The commit that a place tells. It throws only when the place is not well configured. */
export async function askCommit(place: FreshnessPlace, question: Question): Promise<CommitAnswer> {
  const asked = await askJson(place, question);
  if ("problem" in asked) return { commit: undefined, problem: asked.problem };
  const fields = place.field === undefined ? COMMIT_FIELDS : [place.field];
  const commit = fields.map((field) => valueAt(asked.json, field)).find(isCommit);
  return { commit };
}

/** The commit of the main branch; what cannot be asked for now is not known. */
export async function mainCommit(
  { commitEnv, ...place }: MainPlace,
  question: Question,
): Promise<CommitAnswer> {
  const said = commitEnv === undefined ? undefined : valueOf(question.context.env, commitEnv);
  if (said !== undefined) return { commit: isCommit(said) ? said : undefined };
  if (place.url === undefined && place.urlEnv === undefined && commitEnv !== undefined) {
    return { commit: undefined };
  }
  return askCommit(place, question);
}

/** The JSON that a place answers with, or in words why there is none. */
export async function askJson(
  place: FreshnessPlace,
  question: Question,
): Promise<{ readonly json: unknown } | { readonly problem: string }> {
  const { context, timeoutMs } = question;
  const url = urlOf(place, question);
  const token = place.tokenEnv === undefined ? undefined : valueOf(context.env, place.tokenEnv);
  try {
    const answer = await fetch(url, {
      headers: { accept: "application/json", ...credential(place, token) },
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (answer.ok) return { json: await answer.json() };
    await answer.body?.cancel();
    return { problem: `HTTP ${answer.status}` };
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { problem: error instanceof SyntaxError ? "no JSON" : errorWords(error) };
  }
}

function credential(
  { header }: FreshnessPlace,
  token: string | undefined,
): Readonly<Record<string, string>> {
  if (token === undefined) return {};
  return header === undefined ? { authorization: `Bearer ${token}` } : { [header]: token };
}

function urlOf({ url, urlEnv }: FreshnessPlace, { context, option }: Question): URL {
  const text = urlEnv === undefined ? url : (valueOf(context.env, urlEnv) ?? url);
  const parsed = text === undefined ? null : URL.parse(text);
  if (parsed) return parsed;
  const where = urlEnv ?? `jobs/${context.job}/options/${option}/url`;
  const message = text === undefined ? "is not set." : "is not a URL.";
  throw new ConfigurationError([{ where, message, remedy: "Give the whole URL, with https://." }]);
}

function valueAt(json: unknown, field: string): unknown {
  return field.split(".").reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null) return undefined;
    return Object.getOwnPropertyDescriptor(value, part)?.value;
  }, json);
}

function isCommit(value: unknown): value is string {
  return typeof value === "string" && COMMIT.test(value);
}
