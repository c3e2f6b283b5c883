import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import { check } from "./check.ts";
import { diff } from "./diff.ts";
import type { EngineLog } from "./engine-log.ts";
import { packageSchema } from "./package-schema.ts";
import type { Call, PluginDefinition, ResourceType } from "./plugin.ts";
import { decode, encode, type TreeObject } from "./property-tree.ts";
import { markSecrets } from "./observed.ts";
import { secretTexts } from "./redaction.ts";
import { refusals } from "./refusals.ts";
import {
  createResource,
  isUnfinished,
  previewOutputs,
  readResource,
  removeResource,
  revealed,
  type Subject,
  updateResource,
} from "./resource-calls.ts";
import { checkResponse, diffResponse } from "./responses.ts";
import { unary } from "./unary.ts";

/** What the process around the service offers to it. */
export interface Host {
  readonly log: EngineLog;
  attach(engineAddress: string): void;
}

/** Pulumi's provider protocol for a plugin, once for all of ours. */
export function providerService<Client>(
  plugin: PluginDefinition<Client>,
  host: Host,
): UntypedServiceImplementation {
  const session = new Session(plugin, host);
  return {
    handshake: unary(() => {
      const response = new providerPb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    attach: unary((request: providerAttach) => {
      host.attach(request.getAddress());
      return new emptyPb.Empty();
    }),
    getPluginInfo: unary(() => {
      const response = new pluginPb.PluginInfo();
      response.setVersion(plugin.version);
      return response;
    }),
    getSchema: unary(() => {
      const response = new providerPb.GetSchemaResponse();
      response.setSchema(JSON.stringify(packageSchema(plugin)));
      return response;
    }),
    checkConfig: unary((request: providerPb.CheckRequest) => session.checkConfig(request)),
    diffConfig: unary((request: providerPb.DiffRequest) => session.diffConfig(request)),
    configure: unary((request: providerPb.ConfigureRequest) => session.configure(request)),
    check: unary((request: providerPb.CheckRequest) => session.check(request)),
    diff: unary((request: providerPb.DiffRequest) => session.diff(request)),
    create: unary((request: providerPb.CreateRequest) => session.create(request)),
    read: unary((request: providerPb.ReadRequest) => session.read(request)),
    update: unary((request: providerPb.UpdateRequest) => session.update(request)),
    delete: unary((request: providerPb.DeleteRequest) => session.remove(request)),
    cancel: unary(() => {
      session.cancel();
      return new emptyPb.Empty();
    }),
  };
}

type providerAttach = pluginPb.PluginAttach;

/** One engine's use of the plugin: its configuration and its cancellation. */
class Session<Client> {
  readonly #plugin: PluginDefinition<Client>;
  readonly #host: Host;
  readonly #types: ReadonlyMap<string, ResourceType<Client>>;
  readonly #cancelled = new AbortController();
  /** Secrets of every resource of this run: a log of one may print what another set. */
  readonly #secrets = new Set<string>();
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
    return checkResponse(markSecrets(inputs, complete), check(inputs, configOf(complete)));
  }

  diffConfig(request: providerPb.DiffRequest): providerPb.DiffResponse {
    const olds = configOf(decode(request.getOldInputs() ?? request.getOlds()));
    const news = configOf(decode(request.getNews()));
    const refusal = this.#plugin.refuseChange?.(olds, news);
    if (refusal) throw new Error(refusal);
    return diffResponse(diff(this.#plugin.provider, olds, news));
  }

  configure(request: providerPb.ConfigureRequest): providerPb.ConfigureResponse {
    const progress = (message: string): void => this.#host.log.progress("", message);
    this.#client = this.#plugin.configure(configOf(decode(request.getArgs())), progress);
    const response = new providerPb.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  check(request: providerPb.CheckRequest): providerPb.CheckResponse {
    const { contract } = this.#typeOf(request.getUrn());
    const olds = revealed(decode(request.getOlds()));
    const news = decode(request.getNews());
    const refused = Object.keys(olds).length > 0 ? refusals(contract, olds, revealed(news)) : [];
    const failures = [...check(contract.inputs, revealed(news)), ...refused];
    const checked = markSecrets(contract.inputs, news);
    for (const text of secretTexts(checked)) this.#secrets.add(text);
    return checkResponse(checked, failures);
  }

  diff(request: providerPb.DiffRequest): providerPb.DiffResponse {
    const { contract, lifecycle } = this.#typeOf(request.getUrn());
    const olds = revealed(decode(request.getOldInputs()));
    const news = revealed(decode(request.getNews()));
    // The engine asks for a difference of every existing resource of the program, before its turn.
    if (this.#client !== undefined) lifecycle.announce?.(request.getId(), news, this.#client);
    return diffResponse(diff(contract, olds, news), {
      deleteBeforeReplace: contract.deleteBeforeReplace ?? false,
      isUnfinished: isUnfinished(decode(request.getOlds())),
    });
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
    const known = { inputs: decode(request.getInputs()), outputs: decode(request.getProperties()) };
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
    const known = { inputs: decode(request.getOldInputs()), outputs: decode(request.getOlds()) };
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
    const known = {
      inputs: decode(request.getOldInputs()),
      outputs: decode(request.getProperties()),
    };
    await removeResource(this.#subject(request), known);
    return new emptyPb.Empty();
  }

  cancel(): void {
    this.#cancelled.abort(new Error("cancelled by the engine"));
  }

  #typeOf(urn: string): ResourceType<Client> {
    const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const type = this.#types.get(token);
    if (!type)
      throw new Error(`${this.#plugin.provider.name}: there is no resource type "${token}".`);
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
      secrets: () => [...this.#secrets, ...(this.#plugin.secretsOf?.(client) ?? [])],
      progress: (message) => this.#host.log.progress(urn, message),
    };
  }
}

/** The engine adds the provider's version to its configuration; it is not ours. */
function configOf(config: TreeObject): TreeObject {
  const { version: _version, ...rest } = revealed(config);
  return rest;
}
