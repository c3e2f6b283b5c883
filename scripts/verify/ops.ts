import { MANIFEST_FILE, type RuntimeManifest } from "@opspec/runtime/contract";
import type { z } from "zod";
import { OPS_TOKEN } from "@opspec/runtime/contract";
import type { ServiceModel } from "../../infra/model/stack-model.ts";
import { manifestFrom } from "../workspace/manifest-change.ts";
import type { Deployment } from "./deployment.ts";
import type { Reach } from "./reach.ts";
import { serviceAddress } from "./real-address.ts";
import { NOBODY_SENDS, NOBODY_TELLS, NOT_RUN } from "./unchecked-reasons.ts";

/**
 * The answer of a service's ops path, the reason why it failed, or the reason why it was not
 * requested.
 */
export type OpsAnswer<T> =
  | { readonly value: T }
  | { readonly problem: string }
  | { readonly unchecked: string };

/** A service whose ops paths are reachable from outside. */
interface Teller {
  readonly key: string;
  readonly manifest: RuntimeManifest;
}

/** Asks the runtime that knows the job, over its service's public address and with its token. */
export async function askAbout<T>(
  job: string,
  path: string,
  question: Question<T>,
): Promise<OpsAnswer<T>> {
  const teller = tellerOf(job, question.deployment);
  return teller ? ask(teller, path, question) : { unchecked: NOBODY_TELLS };
}

/** Posts to a runtime that has the alert channel. */
export async function postAbout<T>(
  channel: string,
  path: string,
  question: Question<T> & { readonly post: unknown },
): Promise<OpsAnswer<T>> {
  const tellers = question.deployment.model.services.flatMap(tellerFrom);
  const hasChannel = ({ manifest }: Teller) =>
    manifest.alerts?.channels.some(({ name }) => name === channel) === true;
  const teller = tellers.find(hasChannel);
  return teller ? ask(teller, path, question) : { unchecked: NOBODY_SENDS };
}

interface Question<T> {
  readonly deployment: Deployment;
  readonly reach: Reach;
  readonly schema: z.ZodType<T>;
  readonly post?: unknown;
}

async function ask<T>(
  teller: Teller,
  path: string,
  { deployment, reach, schema, post }: Question<T>,
): Promise<OpsAnswer<T>> {
  const observed = deployment.observed.services[teller.key];
  const base = serviceAddress(observed?.service, "url");
  const token = observed?.env[OPS_TOKEN];
  if (base === undefined) return { problem: `${teller.key} is not deployed. Run opspec up.` };
  const url = reach.locate(new URL(path, base));
  if (!url) return { unchecked: NOT_RUN };
  if (!token) return { problem: `${teller.key} has no ${OPS_TOKEN}. Run opspec up.` };
  const headers = { authorization: `Bearer ${token}` };
  const answer = await reach.http(url, { follow: false, headers, post });
  if (typeof answer === "string") return { problem: `${teller.key} does not answer: ${answer}.` };
  if (answer.status !== 200) {
    return { problem: `${teller.key} answered ${answer.status} at ${url.pathname}.` };
  }
  const parsed = schema.safeParse(jsonFrom(answer.text));
  if (parsed.success) return { value: parsed.data };
  return { problem: `${teller.key} answered without the expected JSON at ${url.pathname}.` };
}

/** The service that runs the job, or one that shares its state store. */
function tellerOf(job: string, { model }: Deployment): Teller | undefined {
  const tellers = model.services.flatMap(tellerFrom);
  const own = tellers.find((it) => it.manifest.jobs.some(({ name }) => name === job));
  return own ?? tellers.find((it) => isShared(it.manifest) && isShared(runnerOf(job, model)));
}

function tellerFrom(service: ServiceModel): Teller[] {
  const manifest = manifestIn(service.secretFiles);
  const isOpen = service.type === "web" && manifest?.app?.front === true;
  return manifest && isOpen ? [{ key: service.key, manifest }] : [];
}

/** The manifest of the process that runs the job. */
export function runnerOf(
  job: string,
  { services, containers, jobs }: Deployment["model"],
): RuntimeManifest | undefined {
  const files = [
    ...jobs.filter((it) => it.key === job).map((it) => it.secretFiles ?? []),
    ...services.map((it) => it.secretFiles),
    ...containers.map((it) => it.files),
  ];
  return files.map(manifestIn).find((it) => it?.jobs.some(({ name }) => name === job));
}

function manifestIn(
  files: readonly { readonly name: string; readonly content: string }[],
): RuntimeManifest | undefined {
  return manifestFrom(files.find((it) => it.name === MANIFEST_FILE)?.content);
}

function isShared(manifest: RuntimeManifest | undefined): boolean {
  return manifest?.stores?.records?.kind === "postgres";
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
