import { afterEach, beforeEach, vi } from "vitest";

import { type LocalCloud, startLocalCloud } from "./server.ts";

/** One answer of the cloud under test. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; undefined when there is none. */
  readonly body: unknown;
  /** The text at a path such as `service.id`, or an error that shows the body. */
  readonly text: (path: string) => string;
  /** The value at a path in each row of a list, for example `service.name`. */
  readonly column: (path: string) => unknown[];
}

/** A separate cloud for each test, over HTTP. */
export interface TestCloud {
  readonly urls: LocalCloud["urls"];
  readonly render: (method: string, path: string, body?: unknown) => Promise<Answer>;
  readonly local: (method: string, path: string, body?: unknown) => Promise<Answer>;
}

/**
 * Starts a cloud before each test of the file and stops it afterwards.
 *
 * The clock stands still unless a test advances it, so that no result depends on the machine's speed.
 */
export function useCloud(): TestCloud {
  let cloud: LocalCloud;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    cloud = await startLocalCloud();
  });
  afterEach(async () => {
    await cloud.stop();
    vi.useRealTimers();
  });

  return {
    get urls() {
      return cloud.urls;
    },
    render: (method, path, body) => call(cloud.urls.render + path, { method, body }),
    local: (method, path, body) => call(cloud.urls.local + path, { method, body }),
  };
}

/** One call with a bearer token. */
export async function call(
  url: string,
  {
    method,
    body,
    token = "rnd_test",
  }: { readonly method: string; readonly body?: unknown; readonly token?: string | undefined },
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const sent = await response.text();
  const { status, headers } = response;
  return answerOf(status, headers, sent === "" ? undefined : JSON.parse(sent));
}

function answerOf(status: number, headers: Headers, body: unknown): Answer {
  return {
    status,
    headers,
    body,
    text(path) {
      const value = valueAt(body, path);
      if (typeof value !== "string") throw new Error(`no text at ${path}: ${JSON.stringify(body)}`);
      return value;
    },
    column(path) {
      if (!Array.isArray(body)) throw new Error(`not a list: ${JSON.stringify(body)}`);
      return body.map((row) => valueAt(row, path));
    },
  };
}

function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((it, key) => Object(it)[key], value);
}

/** The body of a small web service. */
export function webService(name = "web", details: Record<string, unknown> = {}) {
  return {
    type: "web_service",
    name,
    ownerId: "tea-local000000000000000",
    repo: "https://example.com/acme/web",
    serviceDetails: {
      runtime: "node",
      plan: "starter",
      envSpecificDetails: { buildCommand: "npm ci", startCommand: "npm start" },
      ...details,
    },
  };
}

/** The body of a small cron job. */
export function cronJob(name = "nightly") {
  return {
    ...webService(name, { schedule: "0 3 * * *" }),
    type: "cron_job",
  };
}
