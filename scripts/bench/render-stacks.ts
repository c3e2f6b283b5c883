import { parseUrn } from "../../infra/resources/urn.ts";
import { CustomResource, type Inputs, ProviderResource, secret } from "@pulumi/pulumi";
import { startLocalCloud } from "../../infra/local-cloud/server.ts";
import { program } from "../../infra/program.ts";
import { openScratchStack, type ScratchStack } from "../workspace/scratch-stack.ts";
import { elapsedMs, type Figure, type Measured, median } from "./figure.ts";

/** The default stack of a figure. */
const STACK = "vega-cockpit";

/** The stack with the most resources. */
const LARGEST = "joslyn-ai";

/** Number of pairs: one preview of ours and one of the bare program. */
const PAIRS = 7;

/** Costs of the specs on the engine: time relative to bare Pulumi, and calls to Render by operation. */
export const renderStackFigures: readonly Figure[] = [
  previewRatio("preview-ratio", STACK),
  previewRatio("preview-ratio-largest", LARGEST),
  // A first up looks for resources of an interrupted one before it writes, and polls its deploys.
  callFigure({ name: "api-calls-first-up", bar: 40 }, async ({ up }) => up),
  callFigure({ name: "api-calls-preview", bar: 0 }, async ({ up, preview }) => {
    await up();
    return preview;
  }),
  callFigure({ name: "api-calls-up-no-refresh", bar: 0 }, async ({ up }) => {
    await up();
    return up;
  }),
];

/** Our preview against a bare Pulumi program that registers the same resources, in one run. */
function previewRatio(name: string, stackName: string): Figure {
  return {
    name,
    unit: "×",
    bar: 1.15,
    measure: () =>
      withOurs(stackName, async (ours, { render }) => {
        await ours.up();
        const bare = await openScratchStack(await bareProgram(ours), render);
        try {
          await bare.preview();
          const { value, detail } = await comparePreviews(ours, bare);
          return { value, detail: `${stackName}: ${detail}` };
        } finally {
          bare.remove();
        }
      }),
  };
}

/** `prepare` brings the stack to the initial state of the measured operation. */
function callFigure(
  about: Pick<Figure, "name" | "bar">,
  prepare: (ours: ScratchStack) => Promise<() => Promise<unknown>>,
): Figure {
  return {
    ...about,
    unit: "calls",
    measure: () =>
      withOurs(STACK, async (ours, { local }) => {
        const measured = await prepare(ours);
        const before = await callCount(local);
        await measured();
        return { value: (await callCount(local)) - before, detail: `${STACK} on the local cloud` };
      }),
  };
}

/** Runs an action on a stack with its own cloud and engine. */
export async function withOurs<T>(
  stackName: string,
  measure: (ours: ScratchStack, urls: { render: string; local: string }) => Promise<T>,
): Promise<T> {
  const cloud = await startLocalCloud({});
  const ours = await openScratchStack(
    async () =>
      program(stackName, { environment: {}, placeholder: (name) => `placeholder-for-${name}` }),
    cloud.urls.render,
  );
  try {
    return await measure(ours, cloud.urls);
  } finally {
    ours.remove();
    await cloud.stop();
  }
}

async function comparePreviews(ours: ScratchStack, bare: ScratchStack): Promise<Measured> {
  const pairs: { ours: number; bare: number }[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    pairs.push({ ours: await elapsedMs(ours.preview), bare: await elapsedMs(bare.preview) });
  }
  const seconds = (side: "ours" | "bare"): string =>
    (median(pairs.map((it) => it[side])) / 1000).toFixed(2);
  return {
    value: median(pairs.map((it) => it.ours / it.bare)),
    detail: `median of ${PAIRS} pairs; ours ${seconds("ours")} s, bare ${seconds("bare")} s`,
  };
}

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly inputs?: Inputs;
}

/** The same resources with the same inputs in a plain Pulumi program, without spec and components. */
async function bareProgram(ours: ScratchStack): Promise<() => Promise<void>> {
  const { deployment } = await ours.stack.exportStack();
  const { resources } = deployment as { resources: StateResource[] };
  const own = resources.filter((it) => it.custom && !it.type.startsWith("pulumi:"));
  return async () => {
    const providers = new Map(
      ["render", "opspec"].map((name) => [name, new BareProvider(name, name)]),
    );
    for (const { type, urn, inputs } of own) {
      const provider = providers.get(type.split(":")[0] ?? "");
      void new BareResource(type, parseUrn(urn).name, plainInputs(inputs ?? {}), {
        ...(provider && { provider }),
      });
    }
  };
}

/** Exported state writes a secret as an object with its `plaintext` in JSON. */
function plainInputs(inputs: Inputs): Inputs {
  return JSON.parse(JSON.stringify(inputs), (_key, value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    "plaintext" in value &&
    typeof value.plaintext === "string"
      ? secret(JSON.parse(value.plaintext))
      : value,
  ) as Inputs;
}

class BareProvider extends ProviderResource {}

class BareResource extends CustomResource {}

/** Number of calls that a local cloud has answered. */
export async function callCount(local: string): Promise<number> {
  const response = await fetch(`${local}/requests`);
  return ((await response.json()) as unknown[]).length;
}
