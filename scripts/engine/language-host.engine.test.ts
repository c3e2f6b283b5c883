import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, afterEach, beforeEach, expect, test } from "vitest";

import { requireCapability } from "../../tests/capabilities.ts";

const MODULES = join(import.meta.dirname, "..", "..", "node_modules");

const PROGRAM = `
  import * as pulumi from "@pulumi/pulumi/index.js";
  const config = new pulumi.Config();
  const stash = new pulumi.Stash("kept", { input: config.get("greeting") ?? "nothing" });
  export const greeting: pulumi.Output<string> = stash.output;
  export const token = config.getSecret("token");
  export const where = [pulumi.getProject(), pulumi.getStack(), pulumi.getOrganization()].join("/");
`;

/** A provider with one resource type for an import: id `open` has no secret, other ids have one. */
const PROVIDER = `#!/usr/bin/env node
  const grpc = require("@grpc/grpc-js");
  const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js");
  const m = require("@pulumi/pulumi/proto/provider_pb.js");
  const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb.js");
  const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");
  const fields = { size: { type: "number" }, key: { type: "string", secret: true } };
  const thing = { properties: fields, inputProperties: fields };
  const schema = JSON.stringify({ name: "tiny", version: "1.0.0", resources: { "tiny:index:Thing": thing } });
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "s3cret" };
  const find = (id) => Struct.fromJavaScript(id === "open" ? { size: 3 } : { key: secret });
  const read = (id) => new m.ReadResponse().setId(id).setProperties(find(id)).setInputs(find(id));
  const checked = (call, reply) => reply(null, new m.CheckResponse().setInputs(call.request.getNews()));
  const server = new grpc.Server();
  server.addService(ResourceProviderService, {
    getSchema: (_, reply) => reply(null, new m.GetSchemaResponse().setSchema(schema)),
    getPluginInfo: (_, reply) => reply(null, new PluginInfo().setVersion("1.0.0")),
    checkConfig: checked,
    configure: (_, reply) => reply(null, new m.ConfigureResponse().setAcceptsecrets(true)),
    check: checked,
    diff: (_, reply) => reply(null, new m.DiffResponse().setChanges(1)),
    read: (call, reply) => reply(null, read(call.request.getId())),
  });
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_, port) => console.log(port));
`;

const POLICY = `
  const { PolicyPack } = require("@pulumi/policy");
  new PolicyPack("manners", { policies: [{
    name: "polite", description: "Greetings are polite.", enforcementLevel: "mandatory",
    validateResource: ({ props }, report) => { if (props.input === "oi") report("Say hello."); },
  }] });
`;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-by-hand-"));
  mkdirSync(join(directory, "state"));
  write("program/Pulumi.yaml", [
    "name: tiny",
    "runtime: { name: nodejs, options: { typescript: false } }",
    "plugins: { providers: [{ name: tiny, path: plugin }] }",
  ]);
  write("program/package.json", [`{ "type": "module", "main": "index.ts" }`]);
  write("program/index.ts", [PROGRAM]);
  write("program/plugin/package.json", [`{ "type": "commonjs" }`]);
  write("program/plugin/pulumi-resource-tiny", [PROVIDER], 0o755);
  symlinkSync(MODULES, join(directory, "program", "node_modules"));
});

afterEach(() => rmSync(directory, { recursive: true }));

test("stack init, config, preview and up work by hand from any directory", async (context) => {
  const pulumi = await pulumiOf(context);

  await pulumi("stack init dev");
  await pulumi("config set --secret token s3cret");
  await pulumi("config set greeting hello");
  const preview = await pulumi("preview --non-interactive");
  await pulumi("up --yes");
  const again = await pulumi("preview --expect-no-changes");
  const outputs = await pulumi("stack output --json --show-secrets");

  expect([preview.code, again.code]).toEqual([0, 0]);
  expect(JSON.parse(outputs.stdout)).toEqual({
    greeting: "hello",
    token: "s3cret",
    where: "tiny/dev/organization",
  });
});

test("a program that fails is told once, with its own words", async (context) => {
  const pulumi = await pulumiOf(context);
  await pulumi("stack init dev");
  write("program/index.ts", [`throw new Error("no such luck");`]);

  const thrown = await pulumi("preview");
  write("program/index.ts", ["process.exit(3);"]);
  const exited = await pulumi("preview");

  expect(thrown).toMatchObject({ code: 1, stdout: expect.stringContaining("Error: no such luck") });
  expect(thrown.stdout).not.toContain("The program ended");
  expect(exited).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("The program ended with code 3."),
  });
});

test("a policy pack is run and its verdict counts", async (context) => {
  const pulumi = await pulumiOf(context);
  write("pack/PulumiPolicy.yaml", ["runtime: nodejs", "version: 1.0.0"]);
  write("pack/package.json", [`{ "name": "manners", "version": "1.0.0" }`]);
  write("pack/index.js", [POLICY]);
  symlinkSync(MODULES, join(directory, "pack", "node_modules"));
  await pulumi("stack init dev");

  await pulumi("config set greeting hello");
  const polite = await pulumi("preview --policy-pack ../pack");
  await pulumi("config set greeting oi");
  const rude = await pulumi("preview --policy-pack ../pack");

  expect(polite).toMatchObject({ code: 0, stdout: expect.not.stringContaining("Say hello.") });
  expect(rude).toMatchObject({ code: 1, stdout: expect.stringContaining("Say hello.") });
});

test("a policy pack whose packages are not installed fails at once, with the reason", async (context) => {
  const pulumi = await pulumiOf(context);
  write("pack/PulumiPolicy.yaml", ["runtime: nodejs", "version: 1.0.0"]);
  await pulumi("stack init dev");

  const { code, stderr } = await pulumi("preview --policy-pack ../pack");

  expect(code).not.toBe(0);
  expect(stderr).toContain("Cannot find module '@pulumi/pulumi/cmd/run-policy-pack'");
});

test("an import succeeds and shows what it imported, but no secret", async (context) => {
  const pulumi = await pulumiOf(context);
  await pulumi("stack init dev");

  const open = await pulumi("import tiny:index:Thing one open --yes");
  const hidden = await pulumi("import tiny:index:Thing two hidden --yes");

  expect(open).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`// resource one "tiny:index:Thing" {\n//     size = 3\n`),
  });
  expect(hidden).toMatchObject({ code: 0, stdout: expect.stringContaining("It holds secrets") });
  expect(hidden.stdout).not.toContain("s3cret");
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `pulumi` by hand after the documented PATH line, outside the project. */
async function pulumiOf(context: TestContext): Promise<(line: string) => Promise<Ended>> {
  const { path, languageHostDir } = await requireCapability(context, "engine");
  const bins = [...(languageHostDir ? [languageHostDir] : []), dirname(path), process.env["PATH"]];
  const env = {
    ...process.env,
    PATH: bins.join(delimiter),
    PULUMI_HOME: join(directory, "home"),
    PULUMI_BACKEND_URL: `file://${join(directory, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  return async (line) => {
    const args = ["-C", join(directory, "program"), "--color", "never", ...line.split(" ")];
    const child = spawn("pulumi", args, {
      cwd: tmpdir(),
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    const [code] = await once(child, "close");
    return { code, stdout, stderr };
  };
}

function write(path: string, lines: readonly string[], mode = 0o644): void {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join("\n")}\n`, { mode });
}
