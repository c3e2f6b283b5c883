import { Client, type ClientChannel, type ServerHostKeyAlgorithm } from "ssh2";
import { SSH_PORT } from "../../resources/host/provider.ts";

/** sshd accepts 10 sessions per connection by default. @see https://man.openbsd.org/sshd_config#MaxSessions */
const PARALLEL_COMMANDS = 8;

/** Limit of the TCP connection, the key exchange and the login. */
const CONNECT_MS = 20_000;

/** A connection without an answer to this many probes is lost. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVE_COUNT = 3;

/** Longest output of a command that is read: the largest file that a resource can hold. */
const OUTPUT_MAX = 4 * 1024 * 1024;

/** Login and identity of a host. */
export interface HostAddress {
  readonly address: string;
  readonly port?: number | undefined;
  readonly user: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  readonly privateKey: string;
}

/** A shell script with its arguments and its standard input. Secrets belong into the input. */
export interface Command {
  readonly script: string;
  readonly args: readonly string[];
  readonly input?: string;
  readonly signal: AbortSignal;
}

/** A command that failed on the host, or a host that could not be reached. */
export class HostError extends Error {
  /** Exit code of the command; undefined without one. */
  readonly code: number | undefined;

  constructor(message: string, code?: number) {
    super(message);
    this.name = "HostError";
    this.code = code;
  }
}

/** Runs commands as root over one connection, which the first command opens. */
export class HostConnection {
  readonly #host: HostAddress;
  #connecting: Promise<Client> | undefined;
  #free = PARALLEL_COMMANDS;
  readonly #waiting: (() => void)[] = [];

  constructor(host: HostAddress) {
    this.#host = host;
  }

  /** The standard output of a command. @throws HostError when it fails or the connection is lost */
  async run(command: Command): Promise<string> {
    command.signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await this.#execute(await this.#connected(), command);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #connected(): Promise<Client> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  #connect(): Promise<Client> {
    const { address, port = SSH_PORT, user, hostKey, privateKey } = this.#host;
    const where = `host ${address}`;
    const [algorithm = "", key = ""] = hostKey.split(" ");
    let seen: Buffer | undefined;
    return new Promise((resolve, reject) => {
      const client = new Client();
      client.on("ready", () => resolve(client));
      client.on("close", () => (this.#connecting = undefined));
      client.on("error", (error) => {
        const isWrongKey = seen !== undefined && seen.toString("base64") !== key;
        const reason = isWrongKey
          ? "its host key is not the one in the spec (hostKey). Somebody may intercept the connection; if the host was reinstalled, replace the key."
          : `${error.message}. Check address, port, user and key.`;
        reject(new HostError(`${where}: ${reason}`));
      });
      client.connect({
        host: address,
        port,
        username: user,
        privateKey,
        algorithms: { serverHostKey: KEY_ALGORITHMS[algorithm] ?? [] },
        hostVerifier: (presented: Buffer) => {
          seen = presented;
          return presented.toString("base64") === key;
        },
        readyTimeout: CONNECT_MS,
        keepaliveInterval: KEEPALIVE_MS,
        keepaliveCountMax: KEEPALIVE_COUNT,
      });
    });
  }

  #execute(client: Client, { script, args, input = "", signal }: Command): Promise<string> {
    const { address, user } = this.#host;
    const shell = ["sh", "-euc", script, "-", ...args].map(quote).join(" ");
    const line = user === "root" ? shell : `sudo -n ${shell}`;
    return new Promise((resolve, reject) => {
      client.exec(line, (error, channel) => {
        if (error) return reject(new HostError(`host ${address}: ${error.message}`));
        const abort = () => void channel.destroy();
        signal.addEventListener("abort", abort, { once: true });
        const output = collect(channel);
        channel.on("close", (code: number | null | undefined) => {
          signal.removeEventListener("abort", abort);
          if (signal.aborted) return reject(signal.reason);
          if (code === 0) return resolve(output.stdout);
          reject(failure(address, code ?? undefined, output.stderr));
        });
        channel.end(input);
      });
    });
  }
}

/** The algorithms of a host key's type. RSA keys sign with SHA-2. */
const KEY_ALGORITHMS: Readonly<Record<string, ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

function collect(channel: ClientChannel): { readonly stdout: string; readonly stderr: string } {
  const output = { stdout: "", stderr: "" };
  channel.setEncoding("utf8");
  channel.on("data", (text: string) => {
    output.stdout += text;
    if (output.stdout.length > OUTPUT_MAX) channel.destroy();
  });
  channel.stderr.setEncoding("utf8");
  channel.stderr.on("data", (text: string) => (output.stderr += text));
  return output;
}

function failure(address: string, code: number | undefined, stderr: string): HostError {
  const said = stderr.trim();
  if (code === undefined) {
    return new HostError(`host ${address}: the connection was lost. Run opspec up again.`);
  }
  const reason = said.startsWith("sudo:")
    ? `${said}. The SSH user needs sudo without a password.`
    : said || `a command ended with code ${code}`;
  return new HostError(`host ${address}: ${reason}`, code);
}

/** One word of a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
