import { setTimeout as sleep } from "node:timers/promises";
import { type Json, memberAt, RenderError, textOf } from "./answer.ts";
import type { Target } from "./keyed-values.ts";

/**
 * Render's own limits added up: build 120 min, pre-deploy 30 min, start and health 15 min.
 *
 * @see https://render.com/docs/deploys
 */
const DEPLOY_TIMEOUT_MS = 165 * 60_000;

/** The first wait between looks at a deploy; each next one is longer, up to the last. */
const POLL_FIRST_MS = 150;
const POLL_GROWTH = 1.5;
const POLL_LAST_MS = 15_000;

/** A deploy that another one overtook is followed to that one, this often at most. */
const OVERTAKEN_MAX = 5;

/** Log lines that a failure shows. */
const LOG_LINES = 20;

/** Live, or live until a newer one took over. */
const DONE: ReadonlySet<string> = new Set(["live", "deactivated"]);
const FAILED: ReadonlySet<string> = new Set(["build_failed", "pre_deploy_failed", "update_failed"]);

/** What a failure needs to say of the service. */
export interface DeploySubject extends Target {
  readonly name: string;
  readonly ownerId: string;
  readonly progress: (message: string) => void;
}

/** Starts one deploy and waits until it is live. */
export async function deploy(subject: DeploySubject): Promise<void> {
  const { client, serviceId, name, signal } = subject;
  const { status, body } = await client
    .request({
      method: "POST",
      path: `/services/${serviceId}/deploys`,
      body: {},
      doing: `deploy service "${name}"`,
      signal,
    })
    .catch((error: unknown) => {
      // A lost answer may have started it: the newest deploy is waited for either way.
      if (error instanceof RenderError && error.maybeDone) return { status: 202, body: null };
      throw error;
    });
  const started = memberAt(body, ["id"]);
  await waitForDeploy(
    subject,
    status === 201 && typeof started === "string" ? started : await newestDeploy(subject),
  );
}

/**
 * Waits until a deploy is live.
 *
 * @throws with Render's status, its reason and the last log lines when it ends otherwise
 */
export async function waitForDeploy(subject: DeploySubject, deployId: string): Promise<void> {
  const deadline = AbortSignal.timeout(DEPLOY_TIMEOUT_MS);
  const signal = AbortSignal.any([subject.signal, deadline]);
  let id = deployId;
  let overtaken = 0;
  let shown = "";
  for (let wait = POLL_FIRST_MS; ; wait = Math.min(wait * POLL_GROWTH, POLL_LAST_MS)) {
    const status = await deployStatus({ ...subject, signal }, id);
    if (status !== shown) subject.progress(`deploy ${id} is ${status}`);
    shown = status;
    if (DONE.has(status)) return;
    if (FAILED.has(status)) throw await deployFailure(subject, id, status);
    if (status === "canceled") {
      const newest = await newestDeploy(subject);
      if (newest === id || ++overtaken > OVERTAKEN_MAX)
        throw await deployFailure(subject, id, status);
      id = newest;
    }
    await sleep(wait, undefined, { signal });
  }
}

async function deployStatus({ client, serviceId, signal }: Target, id: string): Promise<string> {
  const { body } = await client.request({
    method: "GET",
    path: `/services/${serviceId}/deploys/${id}`,
    doing: `look at deploy ${id}`,
    signal,
  });
  return textOf(memberAt(body, ["status"]), "status");
}

async function newestDeploy({ client, serviceId, name, signal }: DeploySubject): Promise<string> {
  const { body } = await client.request({
    method: "GET",
    path: `/services/${serviceId}/deploys?limit=1`,
    doing: `find the newest deploy of "${name}"`,
    signal,
  });
  const first: Json | undefined = Array.isArray(body) ? (body[0] as Json) : undefined;
  return textOf(memberAt(first, ["deploy", "id"]), "deploy id");
}

async function deployFailure(subject: DeploySubject, id: string, status: string): Promise<Error> {
  const lines = await lastLogLines(subject).catch(() => []);
  const tail =
    lines.length > 0 ? ` Its last log lines:\n${lines.map((it) => `  ${it}`).join("\n")}` : "";
  return new RenderError(
    `Render: deploy ${id} of "${subject.name}" ended as ${status}. What it set is in place, and the next up deploys again.${tail}`,
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
