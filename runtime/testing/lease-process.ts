import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import type { ManifestStores } from "../src/contract/store.ts";
import type { LeaseRequest } from "../src/state/leases.ts";

/** The task of a process that uses leases. */
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

/** An event of a process. */
export interface LeaseEvent {
  readonly event: "started" | "held" | "lost" | "finished";
  readonly atMs: number;
  readonly fence?: number;
  /** Whether its slot and its record were accepted as finished. */
  readonly finished?: boolean;
  readonly stored?: boolean;
  readonly lost?: boolean;
}

/** A process that uses leases. */
export interface LeaseProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Waits for the first event of this name. */
  next(event: LeaseEvent["event"]): Promise<LeaseEvent>;
  has(event: LeaseEvent["event"]): boolean;
  /** Ends the run of a holder. */
  finish(): void;
  /** Kills the process, even a stopped one, and waits for its end. */
  kill(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, "lease-program.ts");
const LOOK_MS = 10;

/** Start limit: half a second on an idle machine, a minute on a busy one. */
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
