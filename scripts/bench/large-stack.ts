import { stringify } from "yaml";
import { resolveStack } from "../../infra/stack.ts";
import { modelStack } from "../../infra/model/model.ts";
import { parseStackSpec } from "../../infra/spec/parse.ts";
import { StackSpec } from "../../infra/spec/stack.ts";
import { elapsedMs, type Figure, median } from "./figure.ts";

/** Services, and as many jobs. */
const SIZE = 1000;

/** Size of the larger stack relative to the smaller one. */
const GROWTH = 2;

/** Runs of each size, of which the median counts. The first ones also compile the code. */
const RUNS = 15;

/** Cost of a parsed spec: schema, all rules and all defaults. */
export const largeStack: readonly Figure[] = [
  {
    name: "model-1000",
    unit: "s",
    bar: 1,
    measure: async () => {
      const text = stringify(writeStack(SIZE));
      const [value = Number.NaN] = await measureSizes([SIZE]);
      const fromText = await elapsedMs(async () => {
        resolveStack("large", parseStackSpec(text, "stacks/large.ops.yaml"));
      });
      const whole = `${(fromText / 1000).toFixed(3)} s with reading its YAML`;
      return { value, detail: `${SIZE} services and ${SIZE} jobs, median of ${RUNS}; ${whole}` };
    },
  },
  {
    name: "model-linearity",
    unit: "ratio",
    // Twice the size takes twice the time, plus a quarter for the noise of garbage collection.
    bar: 2.5,
    measure: async () => {
      const [small = Number.NaN, large = Number.NaN] = await measureSizes([SIZE, GROWTH * SIZE]);
      const detail = `${GROWTH * SIZE}: ${large.toFixed(3)} s, ${SIZE}: ${small.toFixed(3)} s`;
      return { value: large / small, detail };
    },
  },
];

/** Seconds for each size. The sizes take turns, so that a busy machine slows all of them. */
async function measureSizes(sizes: readonly number[]): Promise<number[]> {
  const specs = sizes.map(writeStack);
  const seconds = sizes.map((): number[] => []);
  for (let run = 0; run < RUNS; run += 1) {
    for (const [index, spec] of specs.entries()) {
      const elapsed = await elapsedMs(async () => resolve(spec));
      seconds[index]?.push(elapsed / 1000);
    }
  }
  return seconds.map(median);
}

function resolve(spec: object): void {
  const { model, problems } = modelStack("large", StackSpec.parse(spec));
  if (!model) throw new Error(`unreachable: the stack is refused: ${problems[0]?.message}`);
}

/** A spec with as many references as real ones. */
function writeStack(size: number): object {
  const numbers = Array.from({ length: size }, (_, index) => index);
  return {
    system: "large",
    timezone: "America/Mazatlan",
    render: { owner: "tea-00000000000000000000", region: "oregon" },
    runtimeSource: {
      image: `example.com/opspec/runtime@sha256:${"0".repeat(64)}`,
      archive: { url: "https://example.com/opspec-runtime.tar.gz", sha256: "0".repeat(64) },
    },
    secrets: Object.fromEntries(numbers.map((it) => [`KEY_${it}`, { maxAge: "90d" }])),
    services: Object.fromEntries(numbers.map((it) => [`web-${it}`, serviceOf(it, size)])),
    jobs: Object.fromEntries(numbers.map((it) => [`job-${it}`, jobOf(it)])),
    verify: numbers.map((it) => ({ http: `web-${it}`, path: "/healthz" })),
  };
}

function serviceOf(index: number, size: number): object {
  return {
    type: "web",
    source: { repo: "https://github.com/example/app", branch: "main" },
    runtime: "python",
    build: "pip install -r requirements.txt",
    start: "python main.py",
    plan: "starter",
    health: "/healthz",
    disk: { mount: "/var/data", sizeGb: 5, persist: ["logs", "backups"] },
    env: {
      TZ: "America/Mazatlan",
      API_KEY: { secret: `KEY_${index}` },
      NEXT_URL: { url: `web-${(index + 1) % size}` },
    },
  };
}

function jobOf(index: number): object {
  return {
    uses: "heartbeat",
    schedule: index % 2 === 0 ? { every: "1h" } : { weekdays: "13:00" },
    on: "render",
    calls: `web-${index}`,
    disabledBy: "logs/.disabled",
  };
}
