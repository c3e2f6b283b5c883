import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type AlertEvent, isProblem, isResolved } from "../src/contract/alert-event.ts";
import type { RuntimeManifest } from "../src/contract/manifest.ts";
import type { ManifestJob } from "../src/contract/job.ts";
import { openProcess } from "../src/run/open-process.ts";
import type { OpenProcess } from "../src/run/open-process.ts";
import { parseManifest } from "../src/contract/load-manifest.ts";
import { MANIFEST_HEAD } from "./manifest-head.ts";

/** A process in a new directory, and its sent alerts. */
export interface ScratchProcess {
  readonly process: OpenProcess;
  readonly alerts: AlertEvent[];
  readonly directory: string;
}

/** Options of a test process: jobs, and parts of the manifest and the process. */
export interface ScratchOptions {
  readonly jobs: readonly (Partial<ManifestJob> & Pick<ManifestJob, "name">)[];
  readonly manifest?: Partial<RuntimeManifest>;
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: string;
  readonly clock?: OpenProcess["clock"];
}

/** Opens a process that is closed after the test. Jobs are commands by default. */
export async function scratchProcess(options: ScratchOptions): Promise<ScratchProcess> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "opspec-run-")));
  const manifest = scratchManifest(options);
  const env = { PATH: process.env["PATH"], ...options.env };
  const opened = await openProcess(manifest, env, directory);
  opened.log.level = "silent";
  onTestFinished(async () => {
    opened.stop.abort();
    await opened.close();
  });
  const alerts: AlertEvent[] = [];
  const firing = new Set<string>();
  const sink: OpenProcess["alerts"] = {
    ...opened.alerts,
    async send(event) {
      if (event.repeatSeconds !== undefined && isProblem(event) && firing.has(event.key)) {
        return "suppressed";
      }
      alerts.push(event);
      if (isResolved(event)) firing.delete(event.key);
      else if (isProblem(event)) firing.add(event.key);
      return "sent";
    },
    isFiring: async (key) => firing.has(key),
    clear: async (key) => void firing.delete(key),
  };
  const clock = options.clock ?? opened.clock;
  return { process: { ...opened, alerts: sink, clock }, alerts, directory };
}

/** A complete manifest. */
export function scratchManifest({
  jobs,
  manifest,
}: Pick<ScratchOptions, "jobs" | "manifest">): RuntimeManifest {
  return parseManifest({
    ...MANIFEST_HEAD,
    ...manifest,
    jobs: jobs.map((job) => ({ uses: "command", startedBy: "schedule", ...job })),
  });
}
