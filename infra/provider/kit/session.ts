import { secretForms } from "@opspec/runtime/secret-text";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import { parseUrn } from "../../resources/urn.ts";
import { check, type CheckFailure } from "./check.ts";
import { Consents, deletionRefusal } from "./consent.ts";
import { diff } from "./diff.ts";
import type { EngineLog } from "./engine-log.ts";
import { comparableOlds, withoutImportNote } from "./imported.ts";
import type { Call, Known, PluginDefinition, ResourceType } from "./plugin.ts";
import { decode, encode, revealed, type TreeObject } from "./property-tree.ts";
import { markSecrets } from "./observed.ts";
import { concealing, secretTexts } from "./redaction.ts";
import { REFUSED, refusals, REPORT_VARIABLE } from "./refusals.ts";
import {
  createResource,
  existing,
  isUnfinished,
  previewOutputs,
  readResource,
  removeResource,
  type Subject,
  updateResource,
} from "./resource-calls.ts";
import { checkResponse, diffResponse } from "./responses.ts";

/** Functions of the process around a session. */
export interface Host {
  readonly log: EngineLog;
}

/** One engine's session: its configuration and cancellation. */
export class Session<Client> {
  readonly #plugin: PluginDefinition<Client>;
  readonly #host: Host;
  readonly #types: ReadonlyMap<string, ResourceType<Client>>;
  readonly #cancelled = new AbortController();
  /**
   * Secrets of every resource of this operation, because a log of one may print a value of another.
   */
  readonly #secrets = new Set<string>();
  readonly #consents = new Consents();
  #client: Client | undefined;

  constructor(plugin: PluginDefinition<Client>, host: Host) {
    this.#plugin = plugin;
    this.#host = host;
    this.#types = new Map(plugin.resources.map((type) => [type.contract.token as string, type]));
  }

  checkConfig(request: providerPb.CheckRequest): providerPb.CheckResponse {
    const news = decode(request.getNews());
    const complete = { ...news, ...this.#plugin.completeConfig?.(configOf(news)) };
    const { inputs } = this.#plugin.provider;
    return checkResponse(encode(markSecrets(inputs, complete)), check(inputs, configOf(complete)));
  }

  diffConfig(request: providerPb.DiffRequest): providerPb.DiffResponse {
    const olds = configOf(decode(request.getOldInputs() ?? request.getOlds()));
    const news = configOf(decode(request.getNews()));
    const refusal = this.#plugin.refuseChange?.(olds, news);
    if (refusal) throw new Error(refusal);
    return diffResponse(diff(this.#plugin.provider, olds, news));
  }

  configure(request: providerPb.ConfigureRequest): providerPb.ConfigureResponse {
    const notice = (message: string): void => this.#host.log.notice(message);
    this.#client = this.#plugin.configure(configOf(decode(request.getArgs())), notice);
    const response = new providerPb.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  async check(request: providerPb.CheckRequest): Promise<providerPb.CheckResponse> {
    const { contract } = this.#typeOf(request.getUrn());
    const sealed = withoutImportNote(decode(request.getNews()));
    const news = revealed(sealed);
    const olds = revealed(comparableOlds(contract, decode(request.getOlds()), sealed));
    this.#consents.note(request.getUrn(), news);
    const refused = Object.keys(olds).length > 0 ? refusals(contract, olds, news) : [];
    const left = await this.#reported(request.getUrn(), refused);
    const failures = [...check(contract.inputs, news), ...left];
    const checked = markSecrets(contract.inputs, sealed);
    for (const text of secretTexts(checked)) this.#secrets.add(text);
    return checkResponse(encode(checked), failures);
  }

  async diff(request: providerPb.DiffRequest): Promise<providerPb.DiffResponse> {
    const { contract, lifecycle } = this.#typeOf(request.getUrn());
    // A refresh compares with the state, which may come from an import.
    const news = revealed(withoutImportNote(decode(request.getNews())));
    const state = stateOf(request.getOldInputs(), request.getOlds());
    const known = existing(state);
    const olds = revealed(comparableOlds(contract, known.inputs, news));
    // A check sees only the inputs of the state, not what an incomplete operation wrote.
    if (known.inputs !== state.inputs) {
      const refused = refusals(contract, olds, news);
      const [first] = await this.#reported(request.getUrn(), refused);
      if (first) throw new Error(`${first.property}: ${first.reason}`);
    }
    // The engine requests a diff of every existing resource of the program before it processes it.
    if (this.#client !== undefined) lifecycle.announce?.(request.getId(), news, this.#client);
    return diffResponse(diff(contract, olds, news), {
      deleteBeforeReplace: contract.deleteBeforeReplace ?? false,
      isUnfinished: isUnfinished(known.outputs),
    });
  }

  /** Reports the refusals where they are collected; returns those that must fail the call. */
  async #reported(urn: string, refused: readonly CheckFailure[]): Promise<readonly CheckFailure[]> {
    if (!process.env[REPORT_VARIABLE]) return refused;
    for (const { property, reason } of refused) {
      await this.#host.log.error(urn, `${REFUSED}${property}: ${reason}`);
    }
    return [];
  }

  async create(request: providerPb.CreateRequest): Promise<providerPb.CreateResponse> {
    const type = this.#typeOf(request.getUrn());
    const response = new providerPb.CreateResponse();
    if (request.getPreview()) {
      response.setProperties(encode(previewOutputs(type.contract)));
      return response;
    }
    const { id, outputs } = await createResource(
      type,
      decode(request.getProperties()),
      this.#call(request),
    );
    response.setId(id);
    response.setProperties(encode(outputs));
    return response;
  }

  async read(request: providerPb.ReadRequest): Promise<providerPb.ReadResponse> {
    const subject = this.#subject(request);
    const known = existing(stateOf(request.getInputs(), request.getProperties()));
    const state = await readResource(subject, known);
    const response = new providerPb.ReadResponse();
    if (!state) return response;
    response.setId(subject.id);
    response.setInputs(encode(state.inputs));
    response.setProperties(encode(state.outputs));
    return response;
  }

  async update(request: providerPb.UpdateRequest): Promise<providerPb.UpdateResponse> {
    const type = this.#typeOf(request.getUrn());
    const known = existing(stateOf(request.getOldInputs(), request.getOlds()));
    const response = new providerPb.UpdateResponse();
    if (request.getPreview()) {
      response.setProperties(encode(previewOutputs(type.contract, known.outputs)));
      return response;
    }
    const subject = this.#subject(request);
    response.setProperties(encode(await updateResource(subject, decode(request.getNews()), known)));
    return response;
  }

  async remove(request: providerPb.DeleteRequest): Promise<emptyPb.Empty> {
    const known = existing(stateOf(request.getOldInputs(), request.getProperties()));
    const subject = this.#subject(request);
    await this.#refuseLoss(subject, known);
    await removeResource(subject, known);
    return new emptyPb.Empty();
  }

  /**
   * Refuses a deletion that loses data without consent.
   *
   * The actual resource decides, not the declared one, because a disk may have been added or
   * removed elsewhere.
   */
  async #refuseLoss(subject: Subject<Client>, known: Known): Promise<void> {
    const { type, call } = subject;
    const { urn } = call;
    const inputs = revealed(known.inputs);
    if (!type.contract.holds || this.#consents.covers(urn, inputs)) return;
    const there = await concealing(call, [known.inputs, known.outputs], (concealed) =>
      readResource({ ...subject, call: concealed }, { inputs: {}, outputs: known.outputs }),
    );
    const lost = there && type.contract.holds(revealed(there.inputs));
    if (lost === undefined) return;
    throw new Error(deletionRefusal(type.contract, urn, { lost, name: inputs["name"] }));
  }

  cancel(): void {
    this.#cancelled.abort(new Error("cancelled by the engine"));
  }

  #typeOf(urn: string): ResourceType<Client> {
    const token = parseUrn(urn).type;
    const type = this.#types.get(token);
    if (!type) throw new Error(`${this.#plugin.provider.name}: unknown resource type "${token}".`);
    return type;
  }

  #subject(request: { getUrn(): string; getId(): string; getTimeout?(): number }): Subject<Client> {
    const type = this.#typeOf(request.getUrn());
    return { type, id: request.getId(), call: this.#call(request) };
  }

  #call(request: { getUrn(): string; getTimeout?(): number }): Call<Client> {
    const client = this.#client;
    if (client === undefined) throw new Error("unreachable: used before it was configured");
    const urn = request.getUrn();
    const seconds = request.getTimeout?.() ?? 0;
    const ends = seconds > 0 ? [AbortSignal.timeout(seconds * 1000)] : [];
    return {
      client,
      urn,
      signal: AbortSignal.any([this.#cancelled.signal, ...ends]),
      secrets: () => [
        ...this.#secrets,
        ...(this.#plugin.secretsOf?.(client) ?? []).flatMap(secretForms),
      ],
      progress: (message) => this.#host.log.progress(urn, message),
    };
  }
}

function stateOf(
  inputs: Parameters<typeof decode>[0],
  outputs: Parameters<typeof decode>[0],
): Known {
  return { inputs: decode(inputs), outputs: decode(outputs) };
}

/** The engine adds the provider's version to the configuration; it is not an input. */
function configOf(config: TreeObject): TreeObject {
  const { version: _version, ...rest } = revealed(config);
  return rest;
}
