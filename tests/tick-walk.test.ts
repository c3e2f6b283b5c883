import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { parseManifest } from "../runtime/src/contract/load-manifest.ts";
import type { RuntimeManifest } from "../runtime/src/contract/manifest.ts";
import { openProcess } from "../runtime/src/run/open-process.ts";
import { startScheduler } from "../runtime/src/run/scheduler.ts";
import { startHttpServer } from "../runtime/testing/http-server.ts";
import { MANIFEST_HEAD } from "../runtime/testing/manifest-head.ts";
import { filesInContributing, filesOnStack } from "./walk.ts";

/** Maximum number of files from a tick of the scheduler to the run record, and from there to the delivered alert. */
const FILES_TO_RECORD_MAX = 10;
const FILES_TO_ALERT_MAX = 5;

test("a cron tick passes at most 10 files to its run record, and 5 more to a delivered alert", async () => {
  const server = await startHttpServer(({ url }) => ({ status: url === "/work" ? 500 : 200 }));
  const record = new Set<string>();
  const alert = new Set<string>();
  watchStatements(record);
  watchRequests({ "/work": record, "/alert": alert });
  const opened = await openProcess(
    manifest(`${server.url}/work`),
    { HOOK: `${server.url}/alert` },
    scratch(),
  );
  const send: typeof opened.alerts.send = (event) => {
    note(alert);
    return opened.alerts.send(event);
  };
  const scheduler = startScheduler({ ...opened, alerts: { ...opened.alerts, send } });
  await vi.waitFor(() => expect(server.seen.map(({ url }) => url)).toContain("/alert"), 30_000);
  await scheduler.stop();
  await opened.close();
  const more = [...alert].filter((it) => !record.has(it));
  expect([...record, ...more].toSorted()).toEqual(
    filesInContributing("The walk of a cron tick").toSorted(),
  );
  expect(record.size).toBeLessThanOrEqual(FILES_TO_RECORD_MAX);
  expect(more.length).toBeLessThanOrEqual(FILES_TO_ALERT_MAX);
});

function manifest(url: string): RuntimeManifest {
  const store = { kind: "sqlite", path: "state.db" } as const;
  return parseManifest({
    ...MANIFEST_HEAD,
    log: { level: "error" },
    stores: { records: store, coordination: store },
    alerts: { channels: [{ name: "ops", kind: "webhook", urlEnv: "HOOK" }] },
    jobs: [
      {
        name: "note",
        uses: "http",
        startedBy: "schedule",
        options: { url },
        schedule: { everySeconds: 1, timezone: "UTC" },
        alerts: { on: ["fail"] },
      },
    ],
  });
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "opspec-walk-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function note(files: Set<string>): void {
  for (const it of filesOnStack(/^runtime\/src\//)) files.add(it);
}

/** Records the files that write slots, leases and run records. */
function watchStatements(files: Set<string>): void {
  const prepare = DatabaseSync.prototype.prepare;
  const watched = vi.spyOn(DatabaseSync.prototype, "prepare");
  watched.mockImplementation(function (this: DatabaseSync, text: string) {
    if (/^\s*(INSERT INTO|UPDATE)\s+opspec_(slots|leases|runs)/.test(text)) note(files);
    return prepare.call(this, text);
  });
  onTestFinished(() => watched.mockRestore());
}

/** Records the files that send a request, by path. */
function watchRequests(byPath: Readonly<Record<string, Set<string>>>): void {
  const send = globalThis.fetch;
  const watched = vi.spyOn(globalThis, "fetch").mockImplementation((...args) => {
    const files = byPath[new URL(String(args[0])).pathname];
    if (files) note(files);
    return send(...args);
  });
  onTestFinished(() => watched.mockRestore());
}
