import { openOps, type OpsOptions } from "../src/ops/app.ts";
import type { OpenProcess } from "../src/run/open-process.ts";
import { type ScratchOptions, scratchProcess } from "./scratch-process.ts";

/** The token of operators in these tests. */
export const OPS_TOKEN = "ops-secret-of-a-test";

/** A read answer of /ops. */
export interface OpsAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** A request to /ops, with the token unless `headers` are given. */
export interface OpsQuestion extends Omit<RequestInit, "body"> {
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly address?: string;
}

/** The ops paths of a test process. */
export interface ScratchOps {
  readonly process: OpenProcess;
  readonly directory: string;
  ask(path: string, question?: OpsQuestion): Promise<OpsAnswer>;
  /** The raw answer, for bodies other than JSON. */
  raw(path: string, question?: OpsQuestion): Promise<Response>;
}

/** Opens a process with its ops paths, requested in process. */
export async function scratchOps(
  options: Partial<ScratchOptions> = {},
  ops: OpsOptions = {},
): Promise<ScratchOps> {
  const env = { OPSPEC_OPS_TOKEN: OPS_TOKEN, ...options.env };
  const { process, directory } = await scratchProcess({ jobs: [], ...options, env });
  const { fetch } = openOps(process, ops);
  const raw = async (path: string, question: OpsQuestion = {}): Promise<Response> => {
    const { json, address, headers = { authorization: `Bearer ${OPS_TOKEN}` }, ...init } = question;
    const body = json === undefined ? init.body : JSON.stringify(json);
    const request = new Request(`http://localhost${path}`, {
      ...init,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const incoming = { socket: { remoteAddress: address }, destroy: () => undefined };
    return fetch(request, { incoming });
  };
  return {
    process,
    directory,
    raw,
    ask: async (path, question) => {
      const answer = await raw(path, question);
      const body: Record<string, unknown> = JSON.parse(await answer.text());
      return { status: answer.status, headers: answer.headers, body };
    },
  };
}
