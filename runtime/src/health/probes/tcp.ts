import { connect } from "node:net";
import type { Probe } from "./probe.ts";

/** A TCP port takes a connection. */
export function tcpProbe({ host, port }: { host: string; port: number }): Probe {
  return { look: (signal) => takesConnection({ host, port, signal }) };
}

function takesConnection(target: {
  host: string;
  port: number;
  signal: AbortSignal;
}): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}
