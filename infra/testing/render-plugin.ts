import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalCloud, startLocalCloud } from "../local-cloud/server.ts";
import { type PluginUnderTest, startPlugin } from "./plugin-client.ts";

/** The render plugin and its local cloud. */
export interface RenderUnderTest {
  readonly plugin: PluginUnderTest;
  readonly cloud: LocalCloud;
  /** Starts the next run of the engine. The reads of one run share lists. */
  nextRun(): Promise<void>;
  /** A call of Render's API, as the dashboard makes it. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Injects faults through the local cloud's control routes. */
  faults(...faults: object[]): Promise<void>;
  /** Method and path of every call to Render's API so far. */
  calls(): Promise<string[]>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both. */
export async function startRender(): Promise<RenderUnderTest> {
  const cloud = await startLocalCloud({});
  const stateHome = await mkdtemp(join(tmpdir(), "opspec-state-"));
  const plugin = await startPlugin("render", {
    RENDER_HOST: cloud.urls.render,
    RENDER_API_KEY: "test",
    XDG_STATE_HOME: stateHome,
  });
  const nextRun = (): Promise<void> => plugin.configure({ cloud: "local" });
  await nextRun();
  const control = (method: string, path: string, body?: unknown) =>
    send(`${cloud.urls.local}${path}`, method, body);
  return {
    plugin,
    cloud,
    nextRun,
    api: (method, path, body) => send(`${cloud.urls.render}${path}`, method, body),
    faults: async (...faults) => void (await control("POST", "/faults", faults)),
    calls: async () => {
      const requests = (await control("GET", "/requests")) as { method: string; path: string }[];
      return requests.map((it) => `${it.method} ${it.path}`);
    },
    reset: async () => void (await control("POST", "/reset")),
    stop: async () => {
      await plugin.stop();
      await rm(stateHome, { recursive: true, force: true });
      await cloud.stop();
    },
  };
}

/**
 * Sends and reads JSON. @throws Error with the answer for an error status
 *
 * Each call has its own connection, because a cloud in this process closes an idle connection
 * after 5 s, even if a busy test has just sent a call on it.
 */
export async function send(url: string, method: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: "Bearer test",
      "content-type": "application/json",
      connection: "close",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status}: ${text}`);
  return text.trim() === "" ? undefined : JSON.parse(text);
}
