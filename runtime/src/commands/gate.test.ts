import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { renderManifest } from "../contract/manifest.ts";
import { scratchManifest } from "../../testing/scratch-process.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** `opspec-runtime gate` with one gate at this port. */
async function gated(port: number | undefined) {
  const directory = mkdtempSync(join(tmpdir(), "gate-"));
  const path = join(directory, "manifest.json");
  const gate = {
    name: "store",
    kind: "tcp" as const,
    timeoutSeconds: 1,
    ...(port === undefined ? {} : { host: "127.0.0.1", port }),
  };
  const manifest = scratchManifest({
    jobs: [],
    manifest: { app: { graceSeconds: 10, gates: [gate] } },
  });
  writeFileSync(path, renderManifest(manifest));
  const child = spawn(process.execPath, ["--no-warnings", MAIN, "gate"], {
    env: { OPSPEC_MANIFEST: path },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (part) => (output += String(part)));
  const [code] = await once(child, "close");
  return { code: Number(code), output };
}

test("it ends with 0 when the gates are open, with 75 when one stays shut, and with 78 when one has no place", async () => {
  const server = createServer((socket) => void socket.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;

  const open = await gated(port);
  server.close();
  await once(server, "close");
  const shut = await gated(port);
  const nowhere = await gated(undefined);

  expect([open.code, shut.code, nowhere.code]).toEqual([0, 75, 78]);
  expect(shut.output).toContain("app/gates/store: did not open within 1 s");
});
