import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

import { startProgress } from "../bootstrap/progress.mjs";
import { askVersion, findOnPath } from "./search-path.ts";
import { ENGINE_VERSION, isOlder, parseVersion } from "./version.ts";

/** The module that names the engine and, in go.sum, the hashes of its sources. */
const MODULE_DIR = join(import.meta.dirname, "go");

/** The first Go that can fetch a newer one by itself. @see https://go.dev/doc/toolchain */
const FIRST_SWITCHING_GO = [1, 21, 0] as const;

/** A build takes 6.5 min on 2 cores; the limit is for a small, busy machine. */
const BUILD_LIMIT_MS = 60 * 60_000;

/** Number of the compiler's last lines that contain the cause. */
const TAIL_LINES = 15;

/**
 * `-p 2` keeps the memory under 2 GB; the tags leave out C and gRPC's tracing, which keeps every
 * method of every type; the version is what plugins and `pulumi version` are told.
 */
const BUILD_ARGS = [
  "build",
  "-v",
  "-p",
  "2",
  "-trimpath",
  "-tags",
  "osusergo,grpcnotrace",
  "-ldflags",
  `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${ENGINE_VERSION}`,
];

/** The Go on PATH and its GOTOOLCHAIN setting. */
export interface Go {
  readonly version: string;
  readonly toolchain: string;
}

/** The Go that a build would use; undefined when there is none on PATH. */
export async function askGo(env: NodeJS.ProcessEnv): Promise<Go | undefined> {
  const go = findOnPath("go", env);
  if (!go) return undefined;
  const [version = "", toolchain = ""] = (
    await askVersion(go, ["env", "GOVERSION", "GOTOOLCHAIN"], env)
  ).split("\n");
  return { version, toolchain };
}

/** Why this Go cannot build a module that requires `needed`; undefined when it can. */
export function goComplaint(go: Go, needed: string): string | undefined {
  const version = parseVersion(go.version);
  const wanted = parseVersion(needed);
  if (!version || !wanted) return `its version "${go.version}" cannot be parsed`;
  if (!isOlder(version, wanted)) return undefined;
  const older = `${go.version} is older than ${needed}, which go.mod asks for`;
  if (isOlder(version, FIRST_SWITCHING_GO)) return `${older}. Install a newer Go`;
  if (go.toolchain !== "local") return undefined;
  return `${older}, and GOTOOLCHAIN=local keeps it from fetching a newer one. Install one, or set GOTOOLCHAIN=auto`;
}

/** The Go version that the engine's module requires. */
export function goNeeded(): string {
  const goMod = readFileSync(join(MODULE_DIR, "go.mod"), "utf8");
  return /^go (\S+)$/m.exec(goMod)?.[1] ?? "";
}

/** Compiles the engine to `output`. It takes minutes, so progress is shown. */
export async function buildEngine(
  output: string,
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<void> {
  const packagePath = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
  const child = spawn("go", [...BUILD_ARGS, "-o", output, packagePath], {
    cwd: MODULE_DIR,
    env: { ...env, CGO_ENABLED: "0" },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: BUILD_LIMIT_MS,
  });
  const seen = countPackages(child);
  const stop = startProgress(log, (elapsed) => `  go build … ${elapsed}, ${seen.render()}`);
  const [code, signal] = await ended(child).finally(stop);
  if (code === 0) return;
  throw new Error(`go build failed (${signal ?? `exit code ${code}`}):\n${seen.tail()}`);
}

type GoProcess = ChildProcessByStdio<null, null, Readable>;

/** `go build -v` prints one line per compiled package and per downloaded module. */
function countPackages(child: GoProcess): { render: () => string; tail: () => string } {
  let downloaded = 0;
  let compiled = 0;
  const others: string[] = [];
  createInterface(child.stderr).on("line", (line) => {
    if (line.startsWith("go: downloading ")) downloaded++;
    else if (/^[\w./~-]+$/.test(line)) compiled++;
    else others.push(line);
  });
  const modules = () => (downloaded ? `${downloaded} modules downloaded, ` : "");
  return {
    render: () => `${modules()}${compiled} packages compiled`,
    tail: () => others.slice(-TAIL_LINES).join("\n"),
  };
}

function ended(child: GoProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve([code, signal]));
  });
}
