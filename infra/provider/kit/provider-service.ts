import type { ServerUnaryCall, UntypedServiceImplementation, sendUnaryData } from "@grpc/grpc-js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { type RpcError, rpcError } from "./responses.ts";
import { packageSchema } from "./package-schema.ts";
import type { PluginDefinition } from "./plugin.ts";
import { PartialFailure } from "./resource-calls.ts";
import { type Host, Session } from "./session.ts";

/** Functions of the process around the service. */
interface PluginHost extends Host {
  attach(engineAddress: string): void;
}

/** Pulumi's provider protocol, shared by our plugins. */
export function providerService<Client>(
  plugin: PluginDefinition<Client>,
  host: PluginHost,
): UntypedServiceImplementation {
  const session = new Session(plugin, host);
  return {
    handshake: unary(() => {
      const response = new providerPb.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    attach: unary((request: pluginPb.PluginAttach) => {
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

/** Wraps a handler for gRPC: an error becomes the call's status, never an unhandled rejection. */
function unary<Request, Response>(answer: (request: Request) => Response | Promise<Response>) {
  return async (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    const outcome = await outcomeOf(() => answer(call.request));
    if ("error" in outcome) callback(outcome.error, null);
    else callback(null, outcome.response);
  };
}

async function outcomeOf<Response>(
  answer: () => Response | Promise<Response>,
): Promise<{ response: Response } | { error: RpcError }> {
  try {
    return { response: await answer() };
  } catch (error) {
    return { error: error instanceof PartialFailure ? error.rpc : rpcError(error) };
  }
}
