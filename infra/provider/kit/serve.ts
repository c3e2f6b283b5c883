import { Server, ServerCredentials } from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { engineLog } from "./engine-log.ts";
import type { PluginDefinition } from "./plugin.ts";
import { providerService } from "./provider-service.ts";

/** Largest message: all secret files of a stack are sent in one. */
const MESSAGE_BYTES_MAX = 400 * 1024 * 1024;

/** Interval at which a plugin checks that its engine still runs. */
const PARENT_CHECK_MS = 1000;

/**
 * Serves a plugin on loopback and prints only its port on standard output.
 *
 * The process ends with its engine, even if that was killed.
 */
export async function servePlugin<Client>(plugin: PluginDefinition<Client>): Promise<void> {
  let engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  const service = providerService(plugin, {
    log: engineLog(() => engineAddress),
    attach: (address) => {
      engineAddress = address;
    },
  });
  const server = new Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  });
  server.addService(providerGrpc.ResourceProviderService, service);
  process.stdout.write(`${await listen(server)}\n`);
  exitWithParent();
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, PARENT_CHECK_MS).unref();
}
