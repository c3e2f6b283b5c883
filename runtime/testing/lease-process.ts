import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import type { ManifestStores } from "../src/contract/store.ts";
import type { LeaseRequest } from "../src/state/leases.ts";

/** What a process is to do with leases. */
export type LeaseTask = {
  readonly place: {
    readonly stores: Pick<ManifestStores, "coordination" | "records">;
    readonly url: string;
    readonly directory: string;
  };
  readonly request: LeaseRequest;
} & (
  | { readonly kind: "hold"; readonly slot?: string }
  | {
      readonly kind: "slots";
      readonly slots: readonly string[];
      readonly journal: string;
      readonly workMs: number;
    }
  | {
      readonly kind: "turns";
      readonly turns: number;
      readonly journal: string;
      readonly workMs: number;
    }
);

/** What a process told. */
export interface LeaseEvent {
  readonly event: "started" | "held" | "lost" | "finished";
  readonly atMs: number;
  readonly fence?: number;
  /** Whether its slot, and its record, were taken as finished. */
  readonly finished?: boolean;
  readonly stored?: boolean;
  readonly lost?: boolean;
}

/** A process with leases. */
export interface LeaseProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** The first event of this name, as soon as there is one. */
  next(event: LeaseEvent["event"]): Promise<LeaseEvent>;
  has(event: LeaseEvent["event"]): boolean;
  /** Lets a holder end its run. */
  finish(): void;
  /** Kills it, also when it is stopped, and waits for its end. */
  kill(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, "lease-program.ts");
const LOOK_MS = 10;

/** A process starts in half a second, and on a machine with much other work in a minute. */
const EVENT_LIMIT_MS = 120_000;

/** Starts a process for a task. */
export function startLeaseProcess(task: LeaseTask): LeaseProcess {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(task)], { stdio: "pipe" });
  child.stderr.on("data", (data: Buffer) => process.stderr.write(data));
  child.stdin.on("error", () => {});
  const events: LeaseEvent[] = [];
  createInterface(child.stdout).on("line", (line) => events.push(JSON.parse(line) as LeaseEvent));
  let isClosed = false;
  const ended = once(child, "close").then(() => (isClosed = true));
  return {
    child,
    has: (name) => events.some(({ event }) => event === name),
    next: async (name) => {
      const limit = performance.now() + EVENT_LIMIT_MS;
      for (;;) {
        const found = events.find(({ event }) => event === name);
        if (found) return found;
        if (isClosed) throw new Error(`it ended without "${name}"`);
        if (performance.now() > limit) throw new Error(`no "${name}" in ${EVENT_LIMIT_MS} ms`);
        await sleep(LOOK_MS);
      }
    },
    finish: () => void child.stdin.write("\n"),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
