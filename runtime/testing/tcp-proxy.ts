import { connect, createServer, type Socket } from "node:net";

/** A network between a client and a server that a test can break. */
export interface TcpProxy {
  readonly port: number;
  /** From now on bytes vanish both ways and no connection ends, as behind a dead router. */
  blackhole(): void;
  /** Ends every connection and refuses new ones, as when the server's machine is gone. */
  cut(): void;
  /** Lets through what comes from now on; what was in a black hole stays lost. */
  restore(): void;
  close(): Promise<void>;
}

/** Starts a proxy on loopback in front of this port of loopback. */
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
