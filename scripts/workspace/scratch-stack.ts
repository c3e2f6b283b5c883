import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation/index.js";
import { findEngine } from "../engine/find.ts";
import { consentingToDataLoss } from "./data-consent.ts";
import { carryOut, type Outcome } from "./operation.ts";
import { apartEnvironment, PROJECT, writePluginProject } from "./plugin-project.ts";

/** A stack on the real engine in a temporary directory, for tests and benchmarks. */
export interface ScratchStack {
  readonly stack: Stack;
  readonly directory: string;
  preview(): Promise<Outcome>;
  up(refresh?: boolean): Promise<Outcome>;
  /** Reads drift without saving it. */
  refresh(): Promise<Outcome>;
  /** Deletes data too, unless told otherwise. */
  destroy(options?: { keepData: boolean }): Promise<Outcome>;
  remove(): void;
}

/** Opens a stack with a program; `renderHost` is the base address of Render's API. */
export async function openScratchStack(
  program: PulumiFn,
  renderHost: string,
): Promise<ScratchStack> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-scratch-"));
  writePluginProject(directory);
  const engine = await findEngine({ log: () => undefined });
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "scratch", projectName: PROJECT, program },
    {
      workDir: directory,
      pulumiCommand: engine.command,
      pulumiHome: join(directory, "home"),
      envVars: {
        ...apartEnvironment(directory, "scratch"),
        PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
        RENDER_HOST: renderHost,
        RENDER_API_KEY: "scratch",
      },
    },
  );
  return {
    stack,
    directory,
    preview: () => carryOut((options) => stack.preview(options), quiet),
    up: (refresh = false) => carryOut((options) => stack.up({ ...options, refresh }), quiet),
    refresh: () => carryOut((options) => stack.previewRefresh(options), quiet),
    destroy: ({ keepData } = { keepData: false }) => {
      const run = () => carryOut((options) => stack.destroy(options), quiet);
      return keepData ? run() : consentingToDataLoss(stack, run);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function quiet(): void {}
