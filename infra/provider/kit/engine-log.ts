import { credentials } from "@grpc/grpc-js";

/** Shows a passing line beside a resource; a line that cannot be sent is dropped, as it decides nothing. */
export interface EngineLog {
  progress(urn: string, message: string): void;
}

/**
 * The engine's log, loaded on first use: a plugin that says nothing starts without it.
 *
 * `address` is read late, because an attached plugin learns it after it has started.
 */
export function engineLog(address: () => string | undefined): EngineLog {
  let client: Promise<LogClient> | undefined;
  return {
    progress: (urn, message) => {
      const target = address();
      if (!target) return;
      client ??= connect(target);
      client.then((it) => it.status(urn, message)).catch(() => undefined);
    },
  };
}

interface LogClient {
  status(urn: string, message: string): void;
}

async function connect(address: string): Promise<LogClient> {
  const [{ default: enginePb }, { default: engineGrpc }] = await Promise.all([
    import("@pulumi/pulumi/proto/engine_pb.js"),
    import("@pulumi/pulumi/proto/engine_grpc_pb.js"),
  ]);
  const client = new engineGrpc.EngineClient(address, credentials.createInsecure());
  return {
    status: (urn, message) => {
      const request = new enginePb.LogRequest();
      request.setSeverity(enginePb.LogSeverity.INFO);
      request.setUrn(urn);
      request.setMessage(message);
      request.setEphemeral(true);
      client.log(request, () => undefined);
    },
  };
}
