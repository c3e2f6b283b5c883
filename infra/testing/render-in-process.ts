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

/** What happens to one call. `death` ends the process before the call, `death-after` when it was carried out. */
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

/** What an engine keeps of one resource. */
export interface ResourceState {
  readonly id: string;
  readonly inputs: TreeObject;
  readonly outputs: TreeObject;
}

/** A resource under test; with a client of its own it shares a process with others. */
export interface ResourceSubject {
  readonly type: ResourceType<RenderClient>;
  readonly urn: string;
  readonly render: RenderInProcess;
  readonly client?: RenderClient;
}

/** A process that is gone answers nobody, so nothing that it would have said is saved. */
class ProcessDeath extends Error {}

/** A local cloud without a socket, and what drives resources against it as the engine does. */
export class RenderInProcess {
  /** The API key of every client. */
  static readonly KEY = "rnd_test_key";
  /** Answers a call in place of the cloud, where it does. */
  intercept: (call: string, init: RequestInit) => Response | undefined = () => undefined;
  /** Method and path of every call since the last `failAt`. */
  readonly calls: string[] = [];
  readonly #cloud = timelessCloud();
  /** On disk in a plugin: it outlives a process. */
  readonly #journal: CreateJournal = createJournalInMemory();
  #fault: { readonly at: number; readonly kind: Fault } | undefined;
  #hasStruck = false;
  #isDead = false;

  /** What the cloud holds. */
  get state(): CloudState {
    return this.#cloud.cloud.state;
  }

  /** A client as a new process has it. */
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

  /** Asks Render's API, as the dashboard would. */
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

  /** The next deploys end in a failed build. */
  failDeploys(times: number): void {
    if (times > 0) this.#cloud.cloud.faults.add([{ deploy: "build_failed", times }]);
  }

  /** The call with this number from now on fails so; 0 is the next. */
  failAt(at: number, kind: Fault): void {
    this.calls.length = 0;
    this.#fault = { at, kind };
    this.#hasStruck = false;
  }

  /** No call fails any more. */
  disarm(): void {
    this.#fault = undefined;
  }

  /** Did the fault find its call? */
  get hasStruck(): boolean {
    return this.#hasStruck;
  }

  /** Did the process end before it could say anything? */
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

/** One run of an `up` for one resource, as the engine does it. A failure is returned with what the engine keeps. */
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

/** What a preview shows: the differences between what exists according to the state and the program. */
export function plannedChanges(
  { contract }: ResourceType<RenderClient>,
  state: ResourceState,
  inputs: TreeObject,
): readonly Change[] {
  return diff(contract, revealed(existing(state).inputs), revealed(inputs));
}

/** Deletes the resource, as the engine does. True when the engine may forget it. */
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

/** Reads the resource, as a refresh does, with a client of its own or one shared by a run. */
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
