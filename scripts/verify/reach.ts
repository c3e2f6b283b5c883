import type { Slots } from "./slots.ts";

/** What a service answered over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** What a cloud lets a verification see. */
export interface Reach {
  /** Asks an address; a text says why there is no answer. Absent on a cloud that runs nothing. */
  readonly http?: (url: URL, options: { follow: boolean }) => Promise<HttpAnswer | string>;
  /** Names of the internet can lead to this cloud. */
  readonly hasDns: boolean;
}

/** The local cloud deploys, but starts no process, and no name leads to it. */
export const LOCAL_REACH: Reach = { hasDns: false };

/** How long a service may take to answer a check. Render itself allows 5 s. @see https://render.com/docs/health-checks */
const HTTP_TIMEOUT_MS = 10_000;

/** More of an answer than this is not looked at: a health answer is a few lines. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** A cloud on the internet, asked as many things at once as there are slots. */
export function internetReach(slots: Slots): Reach {
  return { hasDns: true, http: (url, { follow }) => slots(() => ask(url, follow)) };
}

async function ask(url: URL, follow: boolean): Promise<HttpAnswer | string> {
  try {
    const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
    const response = await fetch(url, { signal, redirect: follow ? "follow" : "manual" });
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
