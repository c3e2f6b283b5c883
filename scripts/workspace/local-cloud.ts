import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { hasCode, UsageError } from "../../infra/errors.ts";
import type { RunOptions } from "../../infra/local-cloud/run/run-source.ts";
import { startLocalCloud } from "../../infra/local-cloud/server.ts";
import {
  LOCAL,
  LOCAL_CLOUD_ADDRESS,
  LOCAL_CLOUD_RUN,
  LOCAL_CLOUD_STATE,
  makePrivate,
} from "./paths.ts";

const Urls = z.object({
  render: z.string(),
  cloudflare: z.string(),
  local: z.string(),
  page: z.string(),
});
const Address = z.object({
  pid: z.int(),
  urls: Urls,
  runs: z.boolean().default(false),
  token: z.string().optional(),
});

/** The file with the address holds the token, so only its owner may read it. */
const ADDRESS_MODE = 0o600;

/** The local cloud of this checkout, run by this or another process. */
export interface LocalCloudConnection {
  readonly urls: z.infer<typeof Urls>;
  /** The only token that it accepts; without it, it accepts any. */
  readonly token?: string | undefined;
  /** Id of the process that runs it, when it is another one. */
  readonly keptBy?: number;
  close(): Promise<void>;
}

/** A local cloud that does not answer within this time counts as stopped. */
const ANSWER_TIMEOUT_MS = 2000;

/**
 * Uses the running local cloud of this checkout, or starts one for the lifetime of this process.
 * With `run` it builds and starts services that have a folder.
 *
 * @throws UsageError when services must run and the running cloud does not run any
 */
export async function connectLocalCloud(
  run?: Pick<RunOptions, "sources" | "stores">,
): Promise<LocalCloudConnection> {
  const running = await runningAddress();
  if (running && run && !running.runs) {
    throw new UsageError(
      `local cloud: process ${running.pid} runs one that starts no services. Stop it, then try again.`,
    );
  }
  if (running) {
    const { urls, token, pid } = running;
    return { urls, token, keptBy: pid, close: async () => undefined };
  }
  makePrivate(LOCAL);
  rmSync(LOCAL_CLOUD_ADDRESS, { force: true });
  const cloud = await startLocalCloud({
    stateFile: LOCAL_CLOUD_STATE,
    ...(run && { run: { ...run, directory: LOCAL_CLOUD_RUN } }),
  });
  const { urls, token } = cloud;
  const address = { pid: process.pid, urls, runs: run !== undefined, token };
  writeFileSync(LOCAL_CLOUD_ADDRESS, JSON.stringify(address), { mode: ADDRESS_MODE });
  return {
    urls,
    token,
    close: async () => {
      rmSync(LOCAL_CLOUD_ADDRESS, { force: true });
      await cloud.stop();
    },
  };
}

/**
 * The address that another process wrote, if a local cloud answers there. A process id alone proves
 * nothing, because ids are reused.
 */
async function runningAddress(): Promise<z.infer<typeof Address> | undefined> {
  if (!existsSync(LOCAL_CLOUD_ADDRESS)) return undefined;
  const { data } = Address.safeParse(parseJson(readFileSync(LOCAL_CLOUD_ADDRESS, "utf8")));
  return data && isAlive(data.pid) && (await answers(data.urls.page)) ? data : undefined;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a process with this id exists on this host. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}
