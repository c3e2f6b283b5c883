import { CustomResource, type Inputs, ProviderResource, secret } from "@pulumi/pulumi";
import { startLocalCloud } from "../../infra/local-cloud/server.ts";
import { program } from "../../infra/program.ts";
import { openScratchStack, type ScratchStack } from "../workspace/scratch-stack.ts";
import { elapsedMs, type Figure, type Measured, median } from "./figure.ts";

const STACK = "vega-cockpit";

/** Pairs of previews; each pair is one of ours and one of the bare program's. */
const PAIRS = 7;

/** Our preview against a bare Pulumi program that registers the same resources, in one run. */
export const previewRatio: Figure = {
  name: "preview-ratio",
  unit: "×",
  bar: 1.15,
  measure: () =>
    withOurs(async (ours, { render }) => {
      await ours.up();
      const bare = await openScratchStack(await bareProgram(ours), render);
      try {
        await bare.preview();
        return await comparePreviews(ours, bare);
      } finally {
        bare.remove();
      }
    }),
};

/** Render's calls by operation. An unchanged preview and up make none; a first up looks before it writes. */
export const apiCalls: readonly Figure[] = [
  callFigure({ name: "api-calls-first-up", bar: 40 }, async (ours) => ({ measured: ours.up })),
  callFigure({ name: "api-calls-preview", bar: 0 }, async (ours) => {
    await ours.up();
    return { measured: ours.preview };
  }),
  callFigure({ name: "api-calls-up-no-refresh", bar: 0 }, async (ours) => {
    await ours.up();
    return { measured: ours.up };
  }),
];

function callFigure(
  about: Pick<Figure, "name" | "bar">,
  prepare: (ours: ScratchStack) => Promise<{ measured: () => Promise<unknown> }>,
): Figure {
  return {
    ...about,
    unit: "calls",
    measure: () =>
      withOurs(async (ours, { local }) => {
        const { measured } = await prepare(ours);
        const before = await callCount(local);
        await measured();
        return { value: (await callCount(local)) - before, detail: `${STACK} on the local cloud` };
      }),
  };
}

async function withOurs(
  measure: (ours: ScratchStack, urls: { render: string; local: string }) => Promise<Measured>,
): Promise<Measured> {
  const cloud = await startLocalCloud({});
  const renderHost = cloud.urls.render;
  const ours = await openScratchStack(
    async () =>
      program(STACK, { environment: {}, placeholder: (name) => `placeholder-for-${name}` }),
    renderHost,
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

/** The same resources with the same inputs, written down as a person would: no spec, no components. */
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
      void new BareResource(type, urn.split("::").at(-1) ?? "", plainInputs(inputs ?? {}), {
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

async function callCount(local: string): Promise<number> {
  const response = await fetch(`${local}/requests`);
  return ((await response.json()) as unknown[]).length;
}
