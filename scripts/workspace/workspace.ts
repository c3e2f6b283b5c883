import { join } from "node:path";
import type { LocalWorkspace, PulumiCommand, Stack } from "@pulumi/pulumi/automation/index.js";
import { UsageError } from "../../infra/errors.ts";
import type { RunOptions } from "../../infra/local-cloud/run/run-source.ts";
import { findEngine } from "../engine/find.ts";
import { holdStack } from "./hold.ts";
import { connectLocalCloud } from "./local-cloud.ts";
import { localPassphrase } from "./local-passphrase.ts";
import { readLocalSecrets } from "./local-secrets.ts";
import { clearDeadLocks } from "./locks.ts";
import { CHECKOUT, LOCAL } from "./paths.ts";
import { apartEnvironment, backendOf, PROJECT, writePluginProject } from "./plugin-project.ts";

/** A stack with the engine, program and cloud of an operation. */
export interface Workspace {
  readonly stack: Stack;
  /** Base address of Render's API, with /v1. */
  readonly renderHost: string;
  readonly renderApiKey: string | undefined;
  close(): Promise<void>;
}

export interface WorkspaceOptions {
  readonly stackName: string;
  readonly local: boolean;
  /** Progress lines, written to standard error. */
  readonly log: (line: string) => void;
  /** The overlay whose values are deployed. */
  readonly overlay?: string;
  /** The command, when it changes the state: it holds the stack until the workspace is closed. */
  readonly changes?: string;
  /** With `local`: the folder of each source that the local cloud builds and runs. */
  readonly sources?: RunOptions["sources"];
}

/** Opens the stack on the cloud that the environment names; with `local` on the local cloud. */
export function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  return options.local ? openLocal(options) : openReal(options);
}

async function openReal(options: WorkspaceOptions): Promise<Workspace> {
  const { stackName, log, overlay } = options;
  const [{ LocalWorkspace }, { program }, engine] = await Promise.all([
    import("@pulumi/pulumi/automation/index.js"),
    import("../../infra/program.ts"),
    findEngine({ log }),
  ]);
  const workspace = await LocalWorkspace.create({
    workDir: CHECKOUT,
    pulumiCommand: engine.command,
    program: async () => program(stackName, overlay === undefined ? {} : { overlay }),
  });
  const url = await backendUrl(workspace);
  const release = hold(options, join(CHECKOUT, ".opspec"), url);
  try {
    return {
      ...(await selectReal(workspace, url, { stackName, log })),
      close: async () => release(),
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Holds the stack for a command that changes it. @returns a function that releases it */
function hold(
  { stackName: stack, changes: command }: WorkspaceOptions,
  directory: string,
  backend: string,
): () => void {
  if (command === undefined) return () => undefined;
  return holdStack({ directory: join(directory, "running"), backendUrl: backend, stack, command });
}

async function selectReal(
  workspace: LocalWorkspace,
  url: string,
  { stackName, log }: Pick<WorkspaceOptions, "stackName" | "log">,
): Promise<Omit<Workspace, "close">> {
  clearDeadLocks(url, stackName, log);
  const existing = await workspace.listStacks();
  if (!existing.some((it) => it.name === stackName)) {
    throw new UsageError(
      `${stackName}: the backend ${url} has no such stack. Create it with: pulumi stack init ${stackName}.`,
    );
  }
  const [{ Stack }, { RENDER_HOST }] = await Promise.all([
    import("@pulumi/pulumi/automation/index.js"),
    import("../../infra/resources/render/provider.ts"),
  ]);
  const stack = await Stack.select(stackName, workspace);
  return {
    stack,
    renderHost: process.env["RENDER_HOST"] ?? RENDER_HOST,
    renderApiKey:
      process.env["RENDER_API_KEY"] ?? (await stack.getAllConfig())["render:apiKey"]?.value,
  };
}

/** @throws UsageError when the engine is not logged in to a backend */
async function backendUrl(workspace: LocalWorkspace): Promise<string> {
  const { CommandError } = await import("@pulumi/pulumi/automation/index.js");
  try {
    return (await workspace.whoAmI()).url ?? "";
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UsageError(
      "pulumi: no backend is configured for the state. Run pulumi login, or set PULUMI_BACKEND_URL, for example to file:///path/to/states. To try opspec without one, use --local.",
      { cause: error },
    );
  }
}

/** A local cloud that runs nothing accepts any non-empty key. */
const LOCAL_API_KEY = "key-of-the-local-cloud";

async function openLocal(options: WorkspaceOptions): Promise<Workspace> {
  writePluginProject(LOCAL);
  const release = hold(options, LOCAL, backendOf(LOCAL));
  try {
    const workspace = await selectLocal(options);
    return { ...workspace, close: () => workspace.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function selectLocal(options: WorkspaceOptions): Promise<Workspace> {
  clearDeadLocks(backendOf(LOCAL), options.stackName, options.log);
  const engine = await findEngine(options);
  const passphrase = await localPassphrase(LOCAL, engine.command.command);
  const cloud = await connectLocalCloud(options.sources && { sources: options.sources });
  try {
    const renderHost = cloud.urls.render;
    const renderApiKey = cloud.token ?? LOCAL_API_KEY;
    const api = { renderHost, renderApiKey };
    const stack = await selectLocalStack(options, engine.command, { ...api, passphrase });
    return { stack, ...api, close: () => cloud.close() };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

interface LocalAccess {
  readonly renderHost: string;
  readonly renderApiKey: string;
  readonly passphrase: string;
}

async function selectLocalStack(
  { stackName, log, overlay }: WorkspaceOptions,
  pulumiCommand: PulumiCommand,
  { renderHost, renderApiKey, passphrase }: LocalAccess,
): Promise<Stack> {
  const [{ LocalWorkspace }, { program }] = await Promise.all([
    import("@pulumi/pulumi/automation/index.js"),
    import("../../infra/program.ts"),
  ]);
  const deployment = {
    environment: readLocalSecrets(),
    placeholder: (name: string) => `placeholder-for-${name}`,
    onPlaceholders: once((names: readonly string[]) =>
      log(`Placeholders replace secrets that are not set: ${names.join(", ")}.`),
    ),
    ...(overlay !== undefined && { overlay }),
  };
  return LocalWorkspace.createOrSelectStack(
    { stackName, projectName: PROJECT, program: async () => program(stackName, deployment) },
    {
      workDir: LOCAL,
      pulumiCommand,
      pulumiHome: join(LOCAL, "home"),
      envVars: {
        ...apartEnvironment(LOCAL, passphrase),
        RENDER_HOST: renderHost,
        RENDER_API_KEY: renderApiKey,
      },
    },
  );
}

/** The program runs for each preview and up; its messages are printed once. */
function once<Arguments extends unknown[]>(say: (...args: Arguments) => void): typeof say {
  let said = false;
  return (...args) => {
    if (!said) say(...args);
    said = true;
  };
}
