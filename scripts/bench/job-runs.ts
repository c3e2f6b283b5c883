import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { MANIFEST_VERSION, type RuntimeManifest } from "@opspec/runtime/contract";
import { RUNTIME_VERSION } from "@opspec/runtime/version";
import { CHECKOUT } from "../workspace/paths.ts";
import { elapsedMs, type Figure, type Measured, median } from "./figure.ts";

/** Number of pairs: an empty Node and a job start in turn, so that both meet the same load. */
const PAIRS = 15;

const DEADLINE_RUNS = 5;
const DEADLINE_MS = 1_000;

/** Number of jobs and duration of the slot measurement: enough for a 99th percentile. */
const SLOT_JOBS = 5;
const SLOTS_MS = 25_000;

/** The costs of a job in the built bundle: start, memory, deadline and slot. */
export const jobRuns: readonly Figure[] = [
  { name: "job-start-ratio", unit: "x", bar: 2.5, measure: onBundle(startRatio) },
  { name: "job-memory", unit: "MB", bar: 60, measure: onBundle(peakMemory) },
  { name: "deadline-accuracy", unit: "ms", bar: 100, measure: onBundle(deadlineAccuracy) },
  { name: "slot-to-start", unit: "ms", bar: 100, measure: onBundle(slotToStart) },
];

type Job = RuntimeManifest["jobs"][number];

/** A built runtime and a scratch directory. */
interface Bundle {
  readonly folder: string;
  readonly directory: string;
  start(command: string, job: readonly Partial<Job>[]): ChildProcess;
}

function onBundle(measure: (bundle: Bundle) => Promise<Measured>): () => Promise<Measured> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "opspec-bench-"));
    try {
      const build = join(CHECKOUT, "runtime", "build", "build.ts");
      await promisify(execFile)(process.execPath, [build, "--out", directory]);
      const folder = join(directory, process.arch === "x64" ? "amd64" : process.arch);
      return await measure(openBundle(folder, directory));
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
}

function openBundle(folder: string, directory: string): Bundle {
  const start = (command: string, jobs: readonly Partial<Job>[]): ChildProcess => {
    const manifest = join(directory, "manifest.json");
    writeFileSync(manifest, JSON.stringify(manifestOf(jobs)));
    return spawn(join(folder, "opspec-runtime"), command.split(" "), {
      cwd: directory,
      env: { PATH: "/usr/bin:/bin", OPSPEC_MANIFEST: manifest },
      stdio: ["ignore", "pipe", "inherit"],
    });
  };
  return { folder, directory, start };
}

function manifestOf(jobs: readonly Partial<Job>[]): RuntimeManifest {
  return {
    version: MANIFEST_VERSION,
    runtime: RUNTIME_VERSION,
    system: "bench",
    stack: "bench",
    environment: "production",
    process: "bench",
    timezone: "UTC",
    jobs: jobs.map((job) => ({ name: "job", uses: "command", startedBy: "process", ...job })),
  };
}

/** The job only writes a file, and starts no other program, which would not be the runtime's cost. */
const FILE_JOB = { uses: "heartbeat", options: { programs: [] } };

/** The time of a job that writes a file, from start to exit, and of an empty Node program. */
async function startRatio({ folder, directory, start }: Bundle): Promise<Measured> {
  const node = join(folder, "node");
  const empties: number[] = [];
  const jobs: number[] = [];
  for (let pair = 0; pair <= PAIRS; pair++) {
    const empty = await elapsedMs(() => drained(spawn(node, ["-e", "0"], { cwd: directory })));
    const job = await elapsedMs(() => drained(start("run job", [FILE_JOB])));
    // The first pair fills the file system's cache.
    if (pair > 0) empties.push(empty);
    if (pair > 0) jobs.push(job);
  }
  const [ofJob, ofEmpty] = [median(jobs), median(empties)];
  const detail = `${ofJob.toFixed(0)} ms to ${ofEmpty.toFixed(0)} ms, medians of ${PAIRS} pairs`;
  return { value: ofJob / ofEmpty, detail };
}

/** The runtime's peak memory, which its job, a child of a shell, reads from the kernel. */
async function peakMemory({ folder, directory, start }: Bundle): Promise<Measured> {
  const ask = "grep VmHWM /proc/$PPID/status";
  const output = await drained(start("run job", [{ command: ask }]));
  const script = 'console.log(require("fs").readFileSync("/proc/self/status", "utf8"))';
  const empty = await drained(spawn(join(folder, "node"), ["-e", script], { cwd: directory }));
  const [job, bare] = [output, empty].map(
    (text) => Number(/VmHWM:\D*(\d+)/.exec(text)?.[1]) / 1024,
  );
  return { value: job ?? Number.NaN, detail: `an empty Node: ${bare?.toFixed(1)} MB` };
}

async function deadlineAccuracy({ start }: Bundle): Promise<Measured> {
  const offMs: number[] = [];
  const job = { command: "exec sleep 30", deadlineSeconds: DEADLINE_MS / 1000 };
  for (let run = 0; run < DEADLINE_RUNS; run++) {
    const [record] = recordsIn(await drained(start("run job", [job])));
    offMs.push(Math.abs((record?.durationMs ?? Number.NaN) - DEADLINE_MS));
  }
  const detail = `worst of ${DEADLINE_RUNS}; all: ${offMs.join(", ")} ms off a deadline of 1 s`;
  return { value: Math.max(...offMs), detail };
}

async function slotToStart({ start }: Bundle): Promise<Measured> {
  const schedule = { everySeconds: 1, timezone: "UTC" };
  const jobs = Array.from({ length: SLOT_JOBS }, (_, index) => ({
    name: `job-${index}`,
    startedBy: "schedule" as const,
    command: "true",
    schedule,
  }));
  const scheduler = start("schedule", jobs);
  const output = drained(scheduler);
  await sleep(SLOTS_MS);
  scheduler.kill("SIGTERM");
  const lateMs = recordsIn(await output)
    .map(({ startedAt, scheduledFor }) => Date.parse(startedAt) - Date.parse(scheduledFor))
    .toSorted((a, b) => a - b);
  const p99 = lateMs[Math.ceil(lateMs.length * 0.99) - 1] ?? Number.NaN;
  const detail = `p99 of ${lateMs.length} slots of ${SLOT_JOBS} jobs a second; median ${median(lateMs)} ms`;
  return { value: p99, detail };
}

interface RecordLine {
  readonly scheduledFor: string;
  readonly startedAt: string;
  readonly durationMs: number;
}

/** The records of runs in a log. */
function recordsIn(output: string): RecordLine[] {
  return output
    .split("\n")
    .filter((line) => line.includes('"msg":"run"'))
    .map((line) => JSON.parse(line));
}

async function drained(child: ChildProcess): Promise<string> {
  let output = "";
  child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
  await once(child, "close");
  return output;
}
