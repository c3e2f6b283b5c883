import { z } from "zod";
import { CONTROL_BASE } from "../../infra/local-cloud/control.ts";
import type { Slots } from "./slots.ts";

/** The HTTP answer of a service. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** How an address is requested. */
export interface HttpOptions {
  /** Whether a redirect is followed or returned. */
  readonly follow: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** A body, which makes the request a POST of JSON. */
  readonly post?: unknown;
}

/** How a verification reaches the services of a cloud. */
export interface Reach {
  /** Requests an address; returns the reason when there is no answer. */
  readonly http: (url: URL, options: HttpOptions) => Promise<HttpAnswer | string>;
  /** The real address for a service's address in this cloud; undefined when nothing runs there. */
  readonly locate: (url: URL) => URL | undefined;
  /** Public DNS names can point to this cloud. */
  readonly hasDns: boolean;
}

/**
 * The local cloud. Its services have the addresses that they would have on Render; those that run
 * answer on this machine, by origin.
 */
export function localReach(slots: Slots, addresses: Readonly<Record<string, string>> = {}): Reach {
  return {
    ...internetReach(slots),
    locate: (url) => {
      const real = addresses[url.origin];
      return real === undefined ? undefined : new URL(`${url.pathname}${url.search}`, real);
    },
    hasDns: false,
  };
}

/**
 * Asks the local cloud for the real addresses of the services that it runs, by origin. A cloud
 * without --run has no such path.
 */
export async function localAddresses(renderHost: string): Promise<Record<string, string>> {
  const url = new URL(`${CONTROL_BASE}/addresses`, renderHost);
  const answer = await ask(url, { follow: false });
  if (typeof answer === "string" || answer.status !== 200) return {};
  return z.record(z.string(), z.url()).parse(JSON.parse(answer.text));
}

/**
 * Time limit for one request. Render itself allows 5 s. @see https://render.com/docs/health-checks
 */
const HTTP_TIMEOUT_MS = 10_000;

/** Time limit for a POST: the test of a channel gives it 30 s. */
const POST_TIMEOUT_MS = 35_000;

/** Longest part of an answer that is read; a health answer is a few lines. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** A cloud on the internet; the number of slots limits the parallel requests. */
export function internetReach(slots: Slots): Reach {
  return {
    hasDns: true,
    locate: (url) => url,
    http: (url, options) => slots(() => ask(url, options)),
  };
}

async function ask(url: URL, { follow, headers, post }: HttpOptions): Promise<HttpAnswer | string> {
  try {
    const isPost = post !== undefined;
    const signal = AbortSignal.timeout(isPost ? POST_TIMEOUT_MS : HTTP_TIMEOUT_MS);
    const type = isPost ? { "content-type": "application/json" } : {};
    const response = await fetch(url, {
      signal,
      redirect: follow ? "follow" : "manual",
      headers: { ...type, ...headers },
      ...(isPost && { method: "POST", body: JSON.stringify(post) }),
    });
    return { status: response.status, text: await textOf(response) };
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return error.cause instanceof Error ? error.cause.message : error.message;
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString("utf8", 0, ANSWER_BYTES_MAX);
}
