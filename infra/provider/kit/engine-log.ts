import { credentials } from "@grpc/grpc-js";

/** Shows lines beside a resource. A line that cannot be sent is dropped. */
export interface EngineLog {
  /** A transient status line, replaced by the next one; without a URN it belongs to the stack. */
  progress(urn: string, message: string): void;
  /** A permanent line of the stack, for example about a long wait. */
  notice(message: string): void;
}

/**
 * The engine's log, loaded on first use, because most plugins log nothing at start.
 *
 * `address` is read late, because an attached plugin learns it after its start.
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
      // The engine shows info lines only beside a resource, and this line has none.
      request.setSeverity(isPassing ? INFO : WARNING);
      request.setUrn(urn);
      request.setMessage(message);
      request.setEphemeral(isPassing);
      client.log(request, () => undefined);
    },
  };
}
