import type { CloudState } from "../local-cloud/state.ts";
import { type Change, diff } from "../provider/kit/diff.ts";
import type { Call, ResourceType } from "../provider/kit/plugin.ts";
import { revealed, type TreeObject } from "../provider/kit/property-tree.ts";
import {
  createResource,
  existing,
  isUnfinished,
  PartialFailure,
  readResource,
  removeResource,
  updateResource,
} from "../provider/kit/resource-calls.ts";
import { type CreateJournal, createJournalInMemory } from "../provider/render/create-journal.ts";
import { RenderClient } from "../provider/render/client.ts";
import { timelessCloud } from "./timeless-cloud.ts";

/** A fault of one call. `death` ends the process before the call, `death-after` after it was executed. */
export type Fault =
  | "reset-before"
  | "reset-after"
  | "400"
  | "429"
  | "500"
  | "500-after"
  | "timeout"
  | "death"
  | "death-after";

/** The engine's state of one resource. */
export interface ResourceState {
  readonly id: string;
  readonly inputs: TreeObject;
  readonly outputs: TreeObject;
}

/** A resource under test. With `client`, it shares a plugin process with others. */
export interface ResourceSubject {
  readonly type: ResourceType<RenderClient>;
  readonly urn: string;
  readonly render: RenderInProcess;
  readonly client?: RenderClient;
}

/** The end of the process; nothing that it would have answered is saved. */
class ProcessDeath extends Error {}

/** A local cloud without a socket, and the operations of the engine on it. */
export class RenderInProcess {
  /** The API key of every client. */
  static readonly KEY = "rnd_test_key";
  /** Answers a call instead of the cloud, unless it returns `undefined`. */
  intercept: (call: string, init: RequestInit) => Response | undefined = () => undefined;
  /** Method and path of every call since the last `failAt`. */
  readonly calls: string[] = [];
  readonly #cloud = timelessCloud();
  /** On disk in a plugin, so it survives a process. */
  readonly #journal: CreateJournal = createJournalInMemory();
  #fault: { readonly at: number; readonly kind: Fault } | undefined;
  #hasStruck = false;
  #isDead = false;

  /** The cloud's state. */
  get state(): CloudState {
    return this.#cloud.cloud.state;
  }

  /** A client of a new process. */
  newClient(): RenderClient {
    this.#isDead = false;
    return new RenderClient({
      host: "http://127.0.0.1/v1",
      apiKey: () => RenderInProcess.KEY,
      journal: this.#journal,
      pace: {
        requestTimeoutMs: 1000,
        backoffMs: 0,
        pollMs: 0,
        deployMs: 60_000,
        settleMs: 60_000,
      },
      fetch: (url, init) => this.#faulty(url, init),
    });
  }

  /** A call of Render's API, as the dashboard makes it. */
  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#cloud.send(`http://127.0.0.1/v1${path}`, {
      method,
      headers: { authorization: "Bearer test", "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status}: ${text}`);
    return text.trim() === "" ? undefined : JSON.parse(text);
  }

  /** The builds of the next deploys fail. */
  failDeploys(times: number): void {
    if (times > 0) this.#cloud.cloud.faults.add([{ deploy: "build_failed", times }]);
  }

  /** Sets the fault of one future call; 0 is the next call. */
  failAt(at: number, kind: Fault): void {
    this.calls.length = 0;
    this.#fault = { at, kind };
    this.#hasStruck = false;
  }

  /** Removes the fault. */
  disarm(): void {
    this.#fault = undefined;
  }

  /** Whether the call with the fault was made. */
  get hasStruck(): boolean {
    return this.#hasStruck;
  }

  /** Whether the process ended. */
  get isDead(): boolean {
    return this.#isDead;
  }

  async #faulty(url: string, init: RequestInit): Promise<Response> {
    if (this.#isDead) throw new ProcessDeath("this process has ended");
    const call = `${init.method ?? "GET"} ${new URL(url).pathname.slice(3)}`;
    const index = this.calls.push(call) - 1;
    const intercepted = this.intercept(call, init);
    if (intercepted) return intercepted;
    const kind = this.#fault?.at === index ? this.#fault.kind : undefined;
    if (kind === undefined) return this.#cloud.send(url, init);
    this.#hasStruck = true;
    if (kind === "429") return new Response("{}", { status: 429, headers: { "retry-after": "0" } });
    if (kind === "400" || kind === "500") return new Response("{}", { status: Number(kind) });
    if (kind === "reset-before") throw new TypeError("fetch failed");
    if (kind === "death") return this.#die();
    await this.#cloud.send(url, init);
    if (kind === "500-after") return new Response("{}", { status: 500 });
    if (kind === "timeout") throw new DOMException("the request timed out", "TimeoutError");
    if (kind === "death-after") return this.#die();
    throw new TypeError("fetch failed");
  }

  #die(): never {
    this.#isDead = true;
    throw new ProcessDeath("this process has ended");
  }
}

/** One `up` of one resource, as the engine runs it. A failure is returned with the engine's state. */
export async function up(
  subject: ResourceSubject,
  state: ResourceState | undefined,
  inputs: TreeObject,
): Promise<{ state: ResourceState | undefined; error?: unknown }> {
  const { type, render } = subject;
  const call = callOf(subject);
  try {
    if (!state) {
      const { id, outputs } = await createResource(type, inputs, call);
      return { state: { id, inputs, outputs } };
    }
    type.lifecycle.announce?.(state.id, revealed(inputs), call.client);
    const known = existing(state);
    if (plannedChanges(type, state, inputs).length === 0 && !isUnfinished(state.outputs))
      return { state };
    const outputs = await updateResource({ type, id: state.id, call }, inputs, known);
    return { state: { id: state.id, inputs, outputs } };
  } catch (error) {
    if (render.isDead || !(error instanceof PartialFailure)) return { state, error };
    // The engine keeps the inputs from before a failed update.
    return { state: { ...error.state, inputs: state?.inputs ?? error.state.inputs }, error };
  }
}

/** The differences between the state and the program, as a preview shows them. */
export function plannedChanges(
  { contract }: ResourceType<RenderClient>,
  state: ResourceState,
  inputs: TreeObject,
): readonly Change[] {
  return diff(contract, revealed(existing(state).inputs), revealed(inputs));
}

/** Deletes the resource, as the engine does. True when the engine removes it from state. */
export async function destroy(
  subject: ResourceSubject,
  { id, inputs, outputs }: ResourceState,
): Promise<boolean> {
  const { type } = subject;
  return removeResource({ type, id, call: callOf(subject) }, existing({ inputs, outputs })).then(
    () => true,
    () => false,
  );
}

/** Reads the resource, as a refresh does, with a new client or one that the run shares. */
export function refresh(
  subject: ResourceSubject,
  { id, inputs, outputs }: ResourceState,
  client: RenderClient = subject.render.newClient(),
) {
  const call = { ...callOf(subject), client };
  return readResource({ type: subject.type, id, call }, existing({ inputs, outputs }));
}

function callOf({ urn, render, client }: ResourceSubject): Call<RenderClient> {
  const used = client ?? render.newClient();
  return {
    client: used,
    urn,
    signal: new AbortController().signal,
    secrets: () => used.secrets,
    progress: () => undefined,
  };
}
