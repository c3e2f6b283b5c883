import { isDeepStrictEqual } from "node:util";
import { channelFinding } from "./channel-finding.ts";
import type { CheckModel } from "../../infra/model/stack-model.ts";
import type { Deployment } from "./deployment.ts";
import { type Finding, finding, unchecked } from "./finding.ts";
import type { HttpAnswer, Reach } from "./reach.ts";
import { serviceAddress } from "./real-address.ts";
import { ranFinding } from "./ran-finding.ts";
import { NOT_ON_RENDER, NOT_RUN } from "./unchecked-reasons.ts";

type HttpCheck = Extract<CheckModel, { kind: "http" }>;

/** Executes one check that the spec declares. */
export async function declaredFinding(
  check: CheckModel,
  deployment: Deployment,
  reach: Reach,
): Promise<Finding> {
  if (check.kind === "ran") return ranFinding(check, deployment, reach);
  if (check.kind === "channel") return channelFinding(check.channel, deployment, reach);
  const { service: key, path, status, json } = check;
  const name = `${key} answers ${path} with ${status}${json ? " and its JSON" : ""}`;
  const { services, containers } = deployment.model;
  if (containers.some((it) => it.key === key)) return unchecked(name, NOT_ON_RENDER);
  const type = services.find((it) => it.key === key)?.type ?? "web";
  if (type !== "web") return unchecked(name, "only services on Render can reach it");

  const service = deployment.observed.services[key]?.service;
  const base = serviceAddress(service, "url");
  if (base === undefined) return finding(name, "it is not deployed. Run opspec up.");
  const url = reach.locate(new URL(path, base));
  if (!url) return unchecked(name, NOT_RUN);
  const follow = !isRedirect(status);
  return finding(name, answerProblem(check, await reach.http(url, { follow })));
}

/** The problem of an answer; a string is the reason why there is no answer. */
function answerProblem(
  { status, json }: HttpCheck,
  answer: HttpAnswer | string,
): string | undefined {
  if (typeof answer === "string") return `no answer: ${answer}.`;
  if (answer.status !== status) return `it answered ${answer.status}.`;
  if (!json) return undefined;
  const body = objectFrom(answer.text);
  if (!body) return "its answer is not a JSON object.";
  const wrong = Object.keys(json).filter((key) => !isDeepStrictEqual(body[key], json[key]));
  return wrong.length === 0
    ? undefined
    : `missing or different in the answer: ${wrong.join(", ")}.`;
}

/** A check that expects a redirect must see the redirect, not its target. */
function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function objectFrom(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
