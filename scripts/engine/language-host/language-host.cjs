// Pulumi's language host for Node, as small as this project needs it: the official one is not a Go
// module that can be built, so an engine built from Go has none.
//
// It depends on nothing but the program it runs: @pulumi/pulumi, gRPC and Node itself come from
// the program's own node_modules. So a copy beside the engine serves every checkout.
"use strict";

const { spawn } = require("node:child_process");
const { accessSync, constants, existsSync, realpathSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

/** The engine allows messages of this size. @see rpcutil.GrpcChannelOptions in Pulumi's Go SDK */
const MESSAGE_BYTES_MAX = 400 * 1024 * 1024;

/** How often to look whether the engine is still there; a killed engine says no goodbye. */
const PARENT_CHECK_MS = 1_000;

/** `cmd/run` exits with this when it has already told the user what is wrong. @see @pulumi/pulumi/cmd/run/index.js */
const EXIT_ALREADY_TOLD = 32;

const engineAddress = process.argv.at(-1);
const children = new Set();

const official = findOfficialHost();
if (official) stepAside(official);
else serve();

/** An official host on PATH is better than this one; PULUMI_IGNORE_AMBIENT_PLUGINS says not to look there. */
function findOfficialHost() {
  if (process.env.PULUMI_IGNORE_AMBIENT_PLUGINS) return undefined;
  const candidates = (process.env.PATH ?? "")
    .split(path.delimiter)
    .filter(path.isAbsolute)
    .map((directory) => path.join(directory, "pulumi-language-nodejs"));
  return candidates.find((candidate) => isExecutable(candidate) && !isOurs(candidate));
}

function isOurs(candidate) {
  return existsSync(path.join(path.dirname(realpathSync(candidate)), path.basename(__filename)));
}

function stepAside(command) {
  const child = startChild(command, process.argv.slice(2), { stdio: "inherit" });
  child.on("exit", (code) => process.exit(code ?? 1));
  exitWithParent();
}

function serve() {
  const load = loaderOfPulumi(process.cwd());
  const grpc = load("@grpc/grpc-js");
  const { LanguageRuntimeService } = load("@pulumi/pulumi/proto/language_grpc_pb.js");
  const messages = load("@pulumi/pulumi/proto/language_pb.js");
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  });
  // What is not here is answered UNIMPLEMENTED by gRPC, which the engine reports as such.
  server.addService(LanguageRuntimeService, {
    handshake: (_call, reply) => reply(null, new messages.LanguageHandshakeResponse()),
    getPluginInfo: (_call, reply) => reply(null, pluginInfo(load)),
    // Empty: the engine then fetches a plugin when the first resource needs it, in the version that
    // the resource names. Looking for them up front means walking all of node_modules on each run.
    getRequiredPackages: (_call, reply) => reply(null, new messages.GetRequiredPackagesResponse()),
    run: (call, reply) => run(call, reply, messages),
    runPlugin: (call) => runPlugin(call, messages),
    generateProgram: (call, reply) => reply(null, describeImported(call.request, messages)),
  });
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  });
  exitWithParent();
}

function pluginInfo(load) {
  const { PluginInfo } = load("@pulumi/pulumi/proto/plugin_pb.js");
  return new PluginInfo().setVersion(load("@pulumi/pulumi/package.json").version);
}

/** Runs the Pulumi program; its output is the engine's to show, so it goes where this process's goes. */
function run(call, reply, messages) {
  const { request } = call;
  const directory = request.getInfo()?.getProgramDirectory() || request.getPwd();
  const options = request.getInfo()?.getOptions()?.toJavaScript() ?? {};
  const nodeArgs = String(options.nodeargs ?? "").split(" ");
  const args = [
    ...nodeArgs.filter(Boolean),
    loaderOf(directory).resolve("@pulumi/pulumi/cmd/run"),
    ...runFlags(request),
    request.getProgram() || ".",
    ...request.getArgsList(),
  ];
  const child = startChild(programNode(directory), args, {
    cwd: directory,
    env: { ...process.env, ...runEnvironment(request, options) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  call.on("cancelled", () => child.kill());
  child.once("error", (error) => reply(error));
  child.once("exit", (code, signal) => {
    const response = new messages.RunResponse();
    if (code === EXIT_ALREADY_TOLD) response.setBail(true);
    else if (code !== 0) response.setError(`The program ended with ${signal ?? `code ${code}`}.`);
    reply(null, response);
  });
}

function runFlags(request) {
  const flags = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": request.getInfo()?.getRootDirectory(),
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: request.getParallel(),
  };
  const given = Object.entries(flags).filter(([, value]) => value);
  const dryRun = request.getDryrun() ? ["--dry-run"] : [];
  return [...given.map(([name, value]) => `--${name}=${value}`), ...dryRun];
}

function runEnvironment(request, options) {
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
    ...(options.tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig } : {}),
  };
}

/** Runs a policy pack or another plugin that is written as a Node program, and streams what it prints. */
function runPlugin(call, messages) {
  const { request } = call;
  const directory = request.getInfo()?.getProgramDirectory() || request.getProgram();
  const address = request.getArgsList().at(-1);
  const isPolicy = request.getKind() === "analyzer";
  const script = `@pulumi/pulumi/cmd/${isPolicy ? "run-policy-pack" : "run-plugin"}`;
  const args = isPolicy ? [address, directory] : [directory, address];
  // Only this event ends a stream with an error; a destroyed one leaves the engine waiting.
  const fail = (error) => call.emit("error", error);
  const resolved = resolveOr(directory, script, fail);
  if (!resolved) return;
  const child = startChild(programNode(directory), [resolved, ...args], {
    cwd: directory,
    env: { ...process.env, ...parseEnvironment(request.getEnvList()) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  call.on("cancelled", () => child.kill());
  const send = (set, value) => call.write(set.call(new messages.RunPluginResponse(), value));
  const { setStdout, setStderr, setExitcode } = messages.RunPluginResponse.prototype;
  child.stdout.on("data", (data) => send(setStdout, data));
  child.stderr.on("data", (data) => send(setStderr, data));
  child.once("error", fail);
  child.once("close", (code) => {
    send(setExitcode, code ?? 1);
    call.end();
  });
}

/**
 * What `pulumi import` prints at the end: Pulumi's description of what was imported.
 *
 * Writing TypeScript from it takes Pulumi's code generator. Refusing would make an import that
 * succeeded end with an error, so the description itself is given, as comments.
 */
function describeImported(request, messages) {
  const response = new messages.GenerateProgramResponse();
  for (const [name, source] of request.getSourceMap().entries()) {
    const text = renderDescription(source)
      .map((line) => `// ${line}`.trimEnd())
      .join("\n");
    response.getSourceMap().set(`${name}.ts`, Buffer.from(`${text}\n`));
  }
  return response;
}

/** A description shows secret values in the clear, and a terminal is often a log. */
function renderDescription(source) {
  if (source.includes("secret(")) {
    return ["It was imported. It holds secrets, so it is not shown: see pulumi stack export."];
  }
  return [
    "It was imported. This language host writes no code; it is:",
    ...source.trim().split("\n"),
  ];
}

function parseEnvironment(entries) {
  return Object.fromEntries(
    entries.map((entry) => [
      entry.slice(0, entry.indexOf("=")),
      entry.slice(entry.indexOf("=") + 1),
    ]),
  );
}

function resolveOr(directory, name, onError) {
  try {
    return loaderOf(directory).resolve(name);
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/** Finds modules as the program's @pulumi/pulumi does, gRPC among them. */
function loaderOfPulumi(directory) {
  try {
    return createRequire(loaderOf(directory).resolve("@pulumi/pulumi/package.json"));
  } catch {
    console.error(`${directory}: @pulumi/pulumi is not installed. Run npm ci there.`);
    return process.exit(1);
  }
}

/** Finds modules as the program in this directory would. */
function loaderOf(directory) {
  return createRequire(path.join(directory, "package.json"));
}

/** The Node that belongs to the program, as npm packages named after it bring it; else the running one. */
function programNode(directory) {
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${process.platform}-${process.arch}`;
  const above = directory === path.dirname(directory) ? undefined : path.dirname(directory);
  const candidate = path.join(directory, "node_modules", name, "bin", "node");
  if (isExecutable(candidate)) return candidate;
  return above ? programNode(above) : process.execPath;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function startChild(command, args, options) {
  const child = spawn(command, args, options);
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** Ends with the engine, and takes along what it started. */
function exitWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, PARENT_CHECK_MS).unref();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(0));
  process.on("exit", () => {
    for (const child of children) child.kill();
  });
}
