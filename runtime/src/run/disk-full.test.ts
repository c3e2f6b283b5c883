import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { requireCapability } from "../../../tests/capabilities.ts";
import { startHttpServer } from "../../testing/http-server.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { scratchManifest } from "../../testing/scratch-process.ts";
import { openProcess } from "./open-process.ts";
import { runJob } from "./run-job.ts";

/** A disk of 1 MB. */
function smallDisk(): string {
  const directory = scratchDirectory();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]);
  onTestFinished(() => void execFileSync("umount", ["-l", directory]));
  return directory;
}

function fill(file: string): void {
  for (const bytes of [64 * 1024, 1024, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(bytes));
    } catch {
      // The rest of the disk is smaller.
    }
  }
}

test(
  "alerts of a full disk say that it is full, and are resolved when there is space again",
  { timeout: 90_000 },
  async (context) => {
    await requireCapability(context, "smallDisk");
    const disk = smallDisk();
    const server = await startHttpServer(() => ({ status: 204 }));
    const store = { kind: "sqlite", path: join(disk, "runs.db") } as const;
    const manifest = scratchManifest({
      jobs: [{ name: "trim", command: "exit 3", alerts: { on: ["fail"] } }],
      manifest: {
        stores: { records: store },
        alerts: {
          channels: [{ name: "ops", kind: "webhook", urlEnv: "HOOK" }],
          limitSeconds: 1,
        },
      },
    });
    const env = { PATH: process.env["PATH"], HOOK: server.url };
    const opened = await openProcess(manifest, env, scratchDirectory());
    opened.log.level = "silent";
    onTestFinished(opened.close);
    const said = () => server.seen.map(({ body }) => body).join("\n");
    await runJob(opened, { job: "trim", actor: "schedule" });

    fill(join(disk, "ballast"));
    const full = runJob(opened, { job: "trim", actor: "schedule" });
    await expect.poll(said, { timeout: 60_000 }).toMatch(/cannot record its runs\. .*disk full/);
    await full;
    rmSync(join(disk, "ballast"));
    await runJob(opened, { job: "trim", actor: "schedule" });
    await expect.poll(said, { timeout: 30_000 }).toContain("records its runs again");

    expect(said()).toContain("Free space on its disk");
    const resolved = server.seen.filter(({ body }) => body.includes("records its runs again"));
    expect(resolved).toHaveLength(1);
  },
);
