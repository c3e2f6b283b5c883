import { credentials } from "@grpc/grpc-js";

/** Shows lines beside a resource; one that cannot be sent is dropped, as it decides nothing. */
export interface EngineLog {
  /** A passing line, until the next one; with no URN it stands beside the stack. */
  progress(urn: string, message: string): void;
  /** A line beside the stack that stays, of something that somebody may be waiting for. */
  notice(message: string): void;
}

/**
 * The engine's log, loaded on first use: a plugin that says nothing starts without it.
 *
 * `address` is read late, because an attached plugin learns it after it has started.
 */
export function engineLog(address: () => string | undefined): EngineLog {
  let client: Promise<LogClient> | undefined;
  const log = (line: LogLine): void => {
    const target = address();
    if (!target) return;
    client ??= connect(target);
    client.then((it) => it.log(line)).catch(() => undefined);
  };
  return {
    progress: (urn, message) => log({ urn, message, isPassing: true }),
    notice: (message) => log({ urn: "", message, isPassing: false }),
  };
}

interface LogLine {
  readonly urn: string;
  readonly message: string;
  readonly isPassing: boolean;
}

interface LogClient {
  log(line: LogLine): void;
}

async function connect(address: string): Promise<LogClient> {
  const [{ default: enginePb }, { default: engineGrpc }] = await Promise.all([
    import("@pulumi/pulumi/proto/engine_pb.js"),
    import("@pulumi/pulumi/proto/engine_grpc_pb.js"),
  ]);
  const client = new engineGrpc.EngineClient(address, credentials.createInsecure());
  return {
    log: ({ urn, message, isPassing }) => {
      const { INFO, WARNING } = enginePb.LogSeverity;
      const request = new enginePb.LogRequest();
      // What is only information the engine shows beside a resource, and this has none.
      request.setSeverity(isPassing ? INFO : WARNING);
      request.setUrn(urn);
      request.setMessage(message);
      request.setEphemeral(isPassing);
      client.log(request, () => undefined);
    },
  };
}
