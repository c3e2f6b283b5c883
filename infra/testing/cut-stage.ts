import { fork } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearDeadLocks } from "../../scripts/workspace/locks.ts";
import type { Outcome } from "../../scripts/workspace/operation.ts";
import { backendOf, PROJECT } from "../../scripts/workspace/plugin-project.ts";
import { openScratchStack, type ScratchStack } from "../../scripts/workspace/scratch-stack.ts";
import { deployStack } from "../components/stack.ts";
import type { CloudState } from "../local-cloud/state.ts";
import type { StackModel } from "../model/stack-model.ts";
import { type BreakableCloud, startBreakableCloud } from "./breakable-cloud.ts";
import { idsWithin, snapshotOf } from "./cloud-snapshot.ts";
import type { EngineRun } from "./engine-run.ts";

/** The states of a cloud and an engine at one time. */
export interface Moment {
  readonly cloud: CloudState;
  /** A copy of the engine's backend. */
  readonly backend: string;
}

/** The result of an operation: the cloud's state and the engine's state. */
export interface Left {
  readonly cloud: Record<string, unknown[]>;
  readonly believed: readonly object[];
  /** Ids in the engine's state that do not exist in the cloud. */
  readonly unknownIds: readonly string[];
  /** Pending operations in the engine's state. */
  readonly pending: readonly string[];
}

/** A breakable cloud and a real engine that can both be restored to an earlier state. */
export interface CutStage {
  /** The program of the next operation. */
  model: StackModel;
  readonly cloud: BreakableCloud;
  readonly engine: ScratchStack;
  /** Base address of Render's API since the last `begin`. */
  readonly renderHost: string;
  /** The current states, for `begin`. */
  moment(): Moment;
  begin(moment: Moment): void;
  /** Runs the operation in a separate process, in which the engine or a plugin can be killed. */
  runApart(operation: EngineRun["operation"]): Promise<Outcome>;
  /** Requests time out after 1 s instead of 1 min. */
  setHasty(isHasty: boolean): void;
  /** The step that the command line runs before each operation. */
  clearDeadLocks(): void;
  left(): Left;
  close(): Promise<void>;
}

/** Creates an empty stage. `prepare` runs at the start of each run of the program. */
export async function openCutStage(
  model: StackModel,
  prepare: () => void = () => undefined,
): Promise<CutStage> {
  const cloud = await startBreakableCloud();
  const moments = mkdtempSync(join(tmpdir(), "opspec-moments-"));
  const options = { environment: {}, placeholder: (name: string) => `value-of-${name}` };
  const program = async () => {
    prepare();
    return deployStack(stage.model, options);
  };
  const engine = await openScratchStack(program, "unset");
  onlyWhatCounts(engine);
  const { envVars } = engine.stack.workspace;
  const backend = join(engine.directory, "state");
  let taken = 0;
  const stage: CutStage = {
    model,
    cloud,
    engine,
    get renderHost() {
      return envVars["RENDER_HOST"] ?? "";
    },
    moment: () => {
      const copy = join(moments, String(taken++));
      cpSync(backend, copy, { recursive: true });
      return { cloud: structuredClone(cloud.state()), backend: copy };
    },
    begin: (moment) => {
      envVars["RENDER_HOST"] = cloud.begin(moment.cloud);
      for (const part of [backend, join(engine.directory, "plugins")]) rmSync(part, GONE);
      cpSync(moment.backend, backend, { recursive: true });
    },
    runApart: (operation) =>
      runApart({ operation, directory: engine.directory, envVars, model: stage.model }),
    setHasty: (isHasty) => {
      envVars["NODE_OPTIONS"] = isHasty ? HASTY : "";
    },
    clearDeadLocks: () => clearDeadLocks(backendOf(engine.directory), "scratch", () => undefined),
    left: () => leftOn(cloud.state(), backend),
    close: async () => {
      engine.remove();
      rmSync(moments, GONE);
      await cloud.stop();
    },
  };
  stage.begin(stage.moment());
  return stage;
}

async function runApart(run: EngineRun): Promise<Outcome> {
  const program = new URL("engine-run.ts", import.meta.url);
  const env = { ...process.env, NODE_COMPILE_CACHE: join(run.directory, "compiled") };
  const child = fork(program, { env, execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  child.send(run);
  const [outcome] = (await once(child, "message")) as [Outcome];
  await once(child, "exit");
  return outcome;
}

const GONE = { recursive: true, force: true };

const HASTY = `--import=${new URL("hasty-plugin.ts", import.meta.url).href}`;

/** Skips the outputs and the history that Automation reads after an `up`, which takes as long as the `up`. */
function onlyWhatCounts({ stack }: ScratchStack): void {
  Object.assign(stack, { outputs: async () => ({}), info: async () => undefined });
}

interface BelievedResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: object;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

function leftOn(state: CloudState, backend: string): Left {
  const file = join(backend, ".pulumi", "stacks", PROJECT, "scratch.json");
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint: {
      latest?: { resources?: BelievedResource[]; pending_operations?: { type: string }[] };
    };
  };
  const { resources = [], pending_operations: pending = [] } = checkpoint.latest ?? {};
  const held = JSON.stringify(state);
  const ids = idsWithin(JSON.stringify(resources.map((it) => it.id ?? "")));
  return {
    cloud: snapshotOf(withoutRandom(state)),
    believed: resources
      .filter((it) => it.type.startsWith("render:"))
      .toSorted((a, b) => a.urn.localeCompare(b.urn))
      .map(withoutRun),
    unknownIds: ids.filter((it) => !held.includes(`"${it}"`)),
    pending: pending.map((it) => it.type),
  };
}

/** A generated value of ours: 32 bytes in base64url. */
const GENERATED = /"[\w-]{43}"/g;

/** Without random values: the credentials of a database and the generated secrets. */
function withoutRandom(state: CloudState): CloudState {
  const invented = [
    ...Object.values(state.postgres).flatMap((it) => [it.password, it.databaseName]),
    ...Object.values(state.keyValues).map((it) => it.password),
  ];
  const text = invented.reduce(
    (all, one) => all.replaceAll(one, "<invented>"),
    JSON.stringify(state).replaceAll(GENERATED, '"<generated>"'),
  );
  return JSON.parse(text) as CloudState;
}

/** Without ids and ciphertexts, which differ in each run. */
function withoutRun({ urn, inputs, outputs }: BelievedResource): object {
  const text = JSON.stringify({ urn, inputs, isUnfinished: outputs?.["opspecUnfinished"] });
  const plain = text.replaceAll(/"ciphertext":"[^"]*"/g, '"ciphertext":""');
  const ids = idsWithin(plain);
  return JSON.parse(ids.reduce((all, id) => all.replaceAll(id, id.slice(0, 3)), plain)) as object;
}
