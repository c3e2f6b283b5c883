import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderManifest, type RuntimeManifest } from "../contract/manifest.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { reload } from "./reload.ts";

/** A process with a toggle and a cache in files, and its manifest where a deployment puts it. */
async function scene() {
  const directory = mkdtempSync(join(tmpdir(), "reload-"));
  const path = join(directory, "opspec-manifest.json");
  const write = (file: string, rows: unknown) =>
    writeFileSync(join(directory, file), JSON.stringify(rows));
  write("flags.json", [{ feature_name: "reports", enabled: "TRUE" }]);
  write("clans.json", [{ tag: "C1C" }]);
  const table = { kind: "file" as const, path: "flags.json" };
  const { process } = await scratchProcess({
    directory,
    env: { OPSPEC_MANIFEST: path },
    jobs: [],
    manifest: {
      toggles: [
        {
          name: "reports",
          reader: { kind: "table", source: table, key: "reports" },
          ttlSeconds: 900,
        },
      ],
      caches: [{ name: "clans", source: { kind: "file", path: "clans.json" }, ttlSeconds: 900 }],
    },
  });
  const deploy = (manifest: RuntimeManifest) => writeFileSync(path, renderManifest(manifest));
  deploy(process.manifest);
  return { process, write, deploy, path };
}

test("a reload reads every toggle again, and every cache is read when it is asked for next", async () => {
  const { process, write } = await scene();
  await process.toggles.isOn("reports");
  await process.caches.refresh("clans", { trigger: "startup", actor: "startup" });
  write("flags.json", [{ feature_name: "reports", enabled: "FALSE" }]);
  write("clans.json", [{ tag: "C1C" }, { tag: "MM" }]);

  const { toggles, caches, manifest } = await reload(process);

  expect(toggles).toMatchObject([{ name: "reports", on: false }]);
  expect(caches).toMatchObject([{ name: "clans", ttlExpired: true, count: 1 }]);
  expect(manifest).toEqual({ changed: [], needsRestart: false });
  expect(process.caches.get("clans")?.rows).toHaveLength(1);
  await expect.poll(() => process.caches.get("clans")?.rows?.length).toBe(2);
  expect(process.caches.get("clans")?.snapshot.ttlExpired).toBe(false);
});

test("a manifest that was changed since the start is told, with the parts that need a restart", async () => {
  const { process, deploy } = await scene();
  deploy({ ...process.manifest, timezone: "Europe/Vienna", log: { traceField: "request_id" } });

  expect((await reload(process)).manifest).toEqual({
    changed: ["log", "timezone"],
    needsRestart: true,
  });
});

test("a manifest that cannot be read is a problem that is told, and nothing else of the reload is lost", async () => {
  const { process, path } = await scene();
  writeFileSync(path, "{");

  const { toggles, manifest } = await reload(process);

  expect(toggles).toMatchObject([{ name: "reports", on: true }]);
  expect(manifest).toMatchObject({
    needsRestart: false,
    problem: expect.stringContaining("is not JSON"),
  });
});
