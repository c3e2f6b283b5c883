import { credentials } from "@grpc/grpc-js";

/** Shows lines beside a resource. A line that cannot be sent is dropped. */
export interface EngineLog {
  /** A transient status line, replaced by the next one; without a URN it belongs to the stack. */
  progress(urn: string, message: string): void;
  /** A permanent line of the stack, for example about a long wait. */
  notice(message: string): void;
  /** An error of a resource that does not end the operation; resolves once the engine has it. */
  error(urn: string, message: string): Promise<void>;
}

/**
 * The engine's log, loaded on first use, because most plugins log nothing at start.
 *
 * `address` is read late, because an attached plugin learns it after its start.
 */
export function engineLog(address: () => string | undefined): EngineLog {
  let client: Promise<LogClient> | undefined;
  const log = async (line: LogLine): Promise<void> => {
    const target = address();
    if (!target) return;
    client ??= connect(target);
    await client.then((it) => it.log(line)).catch(() => undefined);
  };
  return {
    progress: (urn, message) => void log({ urn, message, severity: "INFO" }),
    notice: (message) => void log({ urn: "", message, severity: "WARNING" }),
    error: (urn, message) => log({ urn, message, severity: "ERROR" }),
  };
}

interface LogLine {
  readonly urn: string;
  readonly message: string;
  /** The engine shows info lines only beside a resource, as a transient status. */
  readonly severity: "INFO" | "WARNING" | "ERROR";
}

interface LogClient {
  log(line: LogLine): Promise<void>;
}

async function connect(address: string): Promise<LogClient> {
  const [{ default: enginePb }, { default: engineGrpc }] = await Promise.all([
    import("@pulumi/pulumi/proto/engine_pb.js"),
    import("@pulumi/pulumi/proto/engine_grpc_pb.js"),
  ]);
  const client = new engineGrpc.EngineClient(address, credentials.createInsecure());
  return {
    log: ({ urn, message, severity }) => {
      const request = new enginePb.LogRequest();
      request.setSeverity(enginePb.LogSeverity[severity]);
      request.setUrn(urn);
      request.setMessage(message);
      request.setEphemeral(severity === "INFO");
      return new Promise((resolve) => client.log(request, () => resolve()));
    },
  };
}
