import { connect, createServer, type Socket } from "node:net";

/** A proxy between a client and a server that a test can cut. */
export interface TcpProxy {
  readonly port: number;
  /** Drops all bytes in both directions without closing connections, as a dead router does. */
  blackhole(): void;
  /** Closes every connection and refuses new ones, as without the server's machine. */
  cut(): void;
  /** Forwards new bytes again; dropped bytes stay lost. */
  restore(): void;
  close(): Promise<void>;
}

/** Starts a proxy on loopback in front of this port. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let state: "open" | "blackhole" | "cut" = "open";
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (state === "cut") return void client.destroy();
    const target = connect(targetPort, "127.0.0.1");
    keep(target);
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on("data", (data) => state === "open" && to.write(data));
      from.on("close", () => state !== "blackhole" && to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("unreachable: no port");
  const endAll = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: address.port,
    blackhole: () => void (state = "blackhole"),
    cut: () => {
      state = "cut";
      endAll();
    },
    restore: () => void (state = "open"),
    close: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
