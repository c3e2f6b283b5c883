import { z } from "zod";
import { CONTROL_BASE } from "../../infra/local-cloud/control.ts";
import type { Slots } from "./slots.ts";

/** What a service answered over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** How an address is asked. */
export interface HttpOptions {
  /** Whether a redirect is followed, or is the answer. */
  readonly follow: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a cloud lets a verification see. */
export interface Reach {
  /** Asks an address; a text says why there is no answer. */
  readonly http: (url: URL, options: HttpOptions) => Promise<HttpAnswer | string>;
  /** Where this cloud really answers for an address; undefined when it runs nothing there. */
  readonly locate: (url: URL) => URL | undefined;
  /** Names of the internet can lead to this cloud. */
  readonly hasDns: boolean;
}

/**
 * The local cloud. Its services have the addresses that they would have on Render, which lead to
 * somebody else; what it runs answers on this machine, by origin.
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
 * Asks the local cloud where the services that it runs answer: by the origin of their address. One
 * that runs nothing does not know the question.
 */
export async function localAddresses(renderHost: string): Promise<Record<string, string>> {
  const url = new URL(`${CONTROL_BASE}/addresses`, renderHost);
  const answer = await ask(url, { follow: false });
  if (typeof answer === "string" || answer.status !== 200) return {};
  return z.record(z.string(), z.url()).parse(JSON.parse(answer.text));
}

/** How long a service may take to answer a check. Render itself allows 5 s. @see https://render.com/docs/health-checks */
const HTTP_TIMEOUT_MS = 10_000;

/** More of an answer than this is not looked at: a health answer is a few lines. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** A cloud on the internet, asked as many things at once as there are slots. */
export function internetReach(slots: Slots): Reach {
  return {
    hasDns: true,
    locate: (url) => url,
    http: (url, options) => slots(() => ask(url, options)),
  };
}

async function ask(url: URL, { follow, headers }: HttpOptions): Promise<HttpAnswer | string> {
  try {
    const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
    const response = await fetch(url, {
      signal,
      redirect: follow ? "follow" : "manual",
      ...(headers && { headers }),
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
