import { setTimeout as sleep } from "node:timers/promises";
import { type Json, RenderError, memberAt, textOf } from "./answer.ts";
import { postOnce } from "./find-or-post.ts";
import { ENV_VARS, type Target, deleteText, putText } from "./keyed-values.ts";
import { MARKER_KEY } from "./marker.ts";
import type { ServiceTarget } from "./service-place.ts";
import { withinLimit } from "./waiting.ts";

/** Poll interval of a deploy: each wait is longer than the previous one, up to the last. */
const POLL_GROWTH = 1.5;
const POLL_LAST_MS = 15_000;

/** Most times that a superseded deploy is followed to its successor. */
const OVERTAKEN_MAX = 5;

/** A queued deploy appears within a minute; the list is polled every second. */
const QUEUE_LOOKS_MAX = 60;
const QUEUE_WAIT_FACTOR = 7;

/** Number of log lines in an error. */
const LOG_LINES = 20;

/** States of a deploy that succeeded: live, or replaced by a newer one. */
const DONE: ReadonlySet<string> = new Set(["live", "deactivated"]);
const FAILED: ReadonlySet<string> = new Set(["build_failed", "pre_deploy_failed", "update_failed"]);

/** The service of a deploy, for errors. */
export interface DeploySubject extends Omit<ServiceTarget, "service"> {
  readonly name: string;
  readonly ownerId: string;
  readonly progress: (message: string) => void;
}

/** Starts one deploy and waits until it is live. */
export async function deploy(subject: DeploySubject): Promise<void> {
  let before: string | undefined;
  let looks = 0;
  const id = await postOnce(subject, {
    look: async () => {
      const newest = await newestId(subject);
      if (looks++ === 0) before = newest;
      return newest === before ? undefined : newest;
    },
    post: async () => (await startDeploy(subject)) ?? queuedDeploy(subject, before),
  });
  await waitForDeploy(subject, id);
}

/** The id of the deploy; `undefined` when it is queued, which Render answers with an empty 202. */
async function startDeploy({ client, path, name, signal }: DeploySubject) {
  const { body } = await client.request({
    method: "POST",
    path: `${path}/deploys`,
    body: {},
    doing: `deploy service "${name}"`,
    signal,
  });
  const id = memberAt(body, ["id"]);
  return typeof id === "string" ? id : undefined;
}

/** The queued deploy: the first one that is newer than the previous newest. */
async function queuedDeploy(subject: DeploySubject, before: string | undefined): Promise<string> {
  const { client, name, signal } = subject;
  for (let look = 0; look < QUEUE_LOOKS_MAX; look++) {
    const newest = await newestId(subject);
    if (newest !== undefined && newest !== before) return newest;
    await sleep(client.pace.pollMs * QUEUE_WAIT_FACTOR, undefined, { signal });
  }
  throw new RenderError(
    `Render: a deploy of "${name}" was queued but does not appear. Check its deploys in Render's dashboard, then run opspec up again.`,
    { maybeDone: false },
  );
}

/**
 * Waits until a deploy is live.
 *
 * @throws with Render's status, its reason and the last log lines when it fails
 */
export async function waitForDeploy(subject: DeploySubject, deployId: string): Promise<void> {
  const { name, client } = subject;
  let last = "";
  await withinLimit(subject.signal, {
    limitMs: client.pace.deployMs,
    late: () => `deploy ${deployId} of "${name}" is ${last}`,
    wait: (signal) =>
      followDeploy({ ...subject, signal }, deployId, (status) => {
        last = status;
      }),
  });
}

async function followDeploy(
  subject: DeploySubject,
  deployId: string,
  see: (status: string) => void,
): Promise<void> {
  let id = deployId;
  let overtaken = 0;
  let shown = "";
  for (let wait = subject.client.pace.pollMs; ; wait = Math.min(wait * POLL_GROWTH, POLL_LAST_MS)) {
    const status = await deployStatus(subject, id);
    see(status);
    if (status !== shown) subject.progress(`deploy ${id} is ${status}`);
    shown = status;
    if (DONE.has(status)) return;
    if (FAILED.has(status)) throw await deployFailure(subject, id, status);
    if (status === "canceled") {
      const newest = await newestId(subject);
      if (newest === undefined || newest === id || ++overtaken > OVERTAKEN_MAX)
        throw await deployFailure(subject, id, status);
      id = newest;
    }
    await sleep(wait, undefined, { signal: subject.signal });
  }
}

async function deployStatus({ client, path, signal }: DeploySubject, id: string): Promise<string> {
  const { body } = await client.request({
    method: "GET",
    path: `${path}/deploys/${id}`,
    doing: `read deploy ${id}`,
    signal,
  });
  return textOf(memberAt(body, ["status"]), "status");
}

async function newestId(subject: DeploySubject): Promise<string | undefined> {
  const id = memberAt(await newestDeploy(subject), ["id"]);
  return typeof id === "string" ? id : undefined;
}

async function newestDeploy({
  client,
  path,
  name,
  signal,
}: Target & { readonly name: string }): Promise<Json> {
  const { body } = await client.request({
    method: "GET",
    path: `${path}/deploys?limit=1`,
    doing: `find the newest deploy of "${name}"`,
    signal,
  });
  const [first = null] = Array.isArray(body) ? (body as Json[]) : [];
  return memberAt(first, ["deploy"]) ?? null;
}

async function deployFailure(subject: DeploySubject, id: string, status: string): Promise<Error> {
  const lines = await lastLogLines(subject).catch(() => []);
  const tail =
    lines.length > 0 ? ` Its last log lines:\n${lines.map((it) => `  ${it}`).join("\n")}` : "";
  return new RenderError(
    `Render: deploy ${id} of "${subject.name}" ended as ${status}. Its settings are in place; the next opspec up deploys again.${tail}`,
    { maybeDone: false },
  );
}

async function lastLogLines({
  client,
  serviceId,
  ownerId,
  signal,
}: DeploySubject): Promise<string[]> {
  const { body } = await client.request({
    method: "GET",
    path: `/logs?ownerId=${ownerId}&resource=${serviceId}&direction=backward&limit=${LOG_LINES}`,
    doing: `read the logs of ${serviceId}`,
    signal,
  });
  const logs = memberAt(body, ["logs"]);
  if (!Array.isArray(logs)) return [];
  return logs
    .map((line: Json) => memberAt(line, ["message"]))
    .filter((message): message is string => typeof message === "string")
    .toReversed();
}

/**
 * The environment variables that mark an owed deploy on a service: one for its own changes, one for
 * its late variables.
 *
 * A killed operation saves nothing, and a refresh then takes its writes as deployed. Only the
 * service itself can be read by the next operation on any machine. The variable exists from before
 * the first write until the deploy is live.
 */
const OWED_KEYS = {
  service: "OPSPEC_DEPLOY_OWED",
  late: "OPSPEC_LATE_DEPLOY_OWED",
} as const;

/** Variables that belong to this plugin; a program cannot declare them. */
const PLUGIN_KEYS: ReadonlySet<string> = new Set([MARKER_KEY, ...Object.values(OWED_KEYS)]);

type Writer = keyof typeof OWED_KEYS;

/** Sets the mark, runs `write` with its deploy, and removes the mark. */
export async function owingDeploy(
  place: Target,
  writer: Writer,
  write: () => Promise<void>,
): Promise<void> {
  await putText(ENV_VARS, place, { key: OWED_KEYS[writer], value: "1" });
  await write();
  await forgetOwedDeploy(place, writer);
}

/** Removes the mark, if there is one. */
export async function forgetOwedDeploy(place: Target, writer: Writer): Promise<void> {
  await deleteText(ENV_VARS, place, OWED_KEYS[writer]);
}

/** Why a deploy is owed, if an operation ended between its writes and its live deploy. */
export function owedReason(
  variables: { readonly [key: string]: unknown },
  by: Writer,
): string | undefined {
  return OWED_KEYS[by] in variables ? "its settings changed and were not deployed" : undefined;
}

/** States in which a newest deploy has ended and serves nothing. */
const NOT_SERVING: ReadonlySet<string> = new Set([...FAILED, "canceled", "deactivated"]);

/** Whether a service with such a newest deploy needs another one. Verify asks this too. */
export function needsDeploy(status: string): boolean {
  return NOT_SERVING.has(status);
}

/** Why a deploy is owed, if the newest one failed: an older version serves. */
export async function failedDeploy(place: ServiceTarget): Promise<string | undefined> {
  if (memberAt(place.service, ["suspended"]) === "suspended") return undefined;
  const newest = await newestDeploy({ ...place, name: place.serviceId });
  const status = memberAt(newest, ["status"]);
  if (typeof status !== "string" || !needsDeploy(status)) return undefined;
  return `its newest deploy ${textOf(memberAt(newest, ["id"]), "id")} ended as ${status}`;
}

/** The variables without those of this plugin. */
export function withoutPluginKeys<T extends Json | undefined>(variables: {
  readonly [key: string]: T;
}): { readonly [key: string]: T } {
  return Object.fromEntries(Object.entries(variables).filter(([key]) => !PLUGIN_KEYS.has(key)));
}
