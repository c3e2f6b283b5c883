import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Loopback only: services that run here are not reachable from other machines. */
export const HOST = "127.0.0.1";

/** The stable address of a service, in front of its instances. */
export interface Address {
  readonly port: number;
  /** Sets the port to which new connections go; undefined refuses them. */
  readonly lead: (port: number | undefined) => void;
  readonly close: () => Promise<void>;
}

/**
 * Opens an address, on its previous port if that is free.
 *
 * It forwards bytes without parsing HTTP, so that websockets and other protocols work.
 */
export async function openAddress(preferredPort: number): Promise<Address> {
  const state: { target: number | undefined } = { target: undefined };
  const open = new Set<Socket>();
  const server = createServer((incoming) => {
    if (state.target === undefined) incoming.destroy();
    else join(incoming, connect(state.target, HOST), open);
  });
  const port = await listen(server, preferredPort).catch(() => listen(server, 0));

  return {
    port,
    lead: (target) => void (state.target = target),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

function join(incoming: Socket, outgoing: Socket, open: Set<Socket>): void {
  const pair = [
    [incoming, outgoing],
    [outgoing, incoming],
  ] as const;
  for (const [from, to] of pair) {
    open.add(from);
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.once("close", () => {
      open.delete(from);
      to.destroy();
    });
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
