import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StackModel } from "../infra/model/stack-model.ts";
import { RENDER_TYPES } from "../infra/provider/render/resource-types.ts";
import type { ResourceContract } from "../infra/resources/contract.ts";
import { GeneratedSecret } from "../infra/resources/opspec/generated-secret.ts";
import { loadStack } from "../infra/stack.ts";
import { type CutStage, openCutStage } from "../infra/testing/cut-stage.ts";
import {
  changesOf,
  type Effect,
  type FieldChange,
  type FixedField,
  plainInputs,
} from "../infra/testing/field-change.ts";
import { type DeployedResource, refreshCalls } from "../infra/testing/refresh-calls.ts";
import type { StateResource } from "../infra/testing/out-of-band.ts";
import type { Outcome } from "../scripts/workspace/operation.ts";

/**
 * The preview of a change of each declared input of each resource in the real stacks, and the
 * API calls of their refresh.
 *
 * A transform of the program changes the inputs. One preview has all inputs that change in
 * place, one all inputs that replace, one all inputs that only this program reads.
 */
const STACKS = ["vega-cockpit", "joslyn-ai", "chorizaurio", "c1c-recruitment"];

const CONTRACTS = new Map(
  [...RENDER_TYPES.map((it): ResourceContract => it.contract), GeneratedSecret].map((it) => [
    it.token as string,
    it,
  ]),
);

/** A deployed resource, and its possible changes. */
interface Deployed extends DeployedResource {
  readonly name: string;
  readonly changes: readonly FieldChange[];
  readonly fixed: readonly FixedField[];
}

describe.each(STACKS)("%s", (stackName) => {
  let stage: CutStage;
  let deployed: readonly Deployed[] = [];
  /** The changes of the current preview. */
  let effect: Effect | undefined;

  beforeAll(async () => {
    stage = await openCutStage(unprotected(loadStack(stackName).model), () =>
      pulumi.runtime.registerResourceTransform(({ type, name, props, opts }) => {
        const resource = deployed.find((it) => it.type === type && it.name === name);
        // The engine refuses to replace a protected resource.
        const unguarded = { ...opts, protect: false };
        if (!resource || !effect) return { props, opts: unguarded };
        return { props: { ...props, ...changed(resource, effect) }, opts: unguarded };
      }),
    );
    expect((await stage.engine.up()).failure).toBeUndefined();
    deployed = (await stateOf(stage)).flatMap(deployedOf);
  });

  afterAll(() => stage.close());

  async function previewOf(changedEffect: Effect): Promise<Outcome> {
    effect = changedEffect;
    try {
      return await stage.engine.preview();
    } finally {
      effect = undefined;
    }
  }

  test("each input that changes in place is an update of its resource, with that field", async () => {
    const preview = await previewOf("in place");

    expect(shown(preview)).toEqual(expected(deployed, "in place"));
  });

  test("each input that replaces replaces its resource, and the preview says why", async () => {
    const preview = await previewOf("replaces");

    expect(shown(preview)).toEqual(expected(deployed, "replaces"));
  });

  test("an input that only this program reads changes nothing", async () => {
    expect(shown(await previewOf("nothing"))).toEqual([]);
  });

  test("only a runtime has no other value by itself, where another one needs other fields", () => {
    const fixed = deployed.flatMap((it) => it.fixed.map(({ field, why }) => `${field}: ${why}`));

    expect(fixed.length).toBeGreaterThan(0);
    expect([...new Set(fixed)].toSorted()).toEqual(FIXED[stackName]);
  });

  test("a refresh asks Render as often as the reference says", async () => {
    stage.cloud.breakCalls(new Map());

    expect((await stage.engine.refresh()).steps).toEqual([]);

    expect(stage.cloud.calls()).toHaveLength(refreshCalls(deployed));
  });
});

const otherRuntime = (runtime: string): string =>
  `runtime: another runtime than ${runtime} needs other fields to build and start it`;

/** The inputs of the stacks without a different valid value, with the reason. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  "vega-cockpit": [otherRuntime("image")],
  "joslyn-ai": [otherRuntime("docker"), otherRuntime("image")],
  chorizaurio: [otherRuntime("docker")],
  "c1c-recruitment": [otherRuntime("docker")],
};

/** Without the protection of databases. */
function unprotected(model: StackModel): StackModel {
  return { ...model, databases: model.databases.map((it) => ({ ...it, pulumi: {} })) };
}

async function stateOf({ engine }: CutStage): Promise<StateResource[]> {
  const { deployment } = await engine.stack.exportStack();
  return (deployment as { resources: StateResource[] }).resources;
}

function deployedOf(resource: StateResource): Deployed[] {
  const { type, urn, id } = resource;
  const contract = CONTRACTS.get(type);
  if (!contract) return [];
  const name = urn.split("::").at(-1) ?? "";
  const inputs = plainInputs(resource);
  const { changes, fixed } = changesOf({ contract, inputs });
  return [{ id, type, name, inputs, changes, fixed }];
}

/** The deployed inputs with all changes of this effect. */
function changed({ type, inputs, changes }: Deployed, effect: Effect): Record<string, unknown> {
  const others = changes.filter((it) => it.effect === effect).map((it) => [it.field, it.value]);
  // A change that loses data is refused without this consent; the consent itself is not a change.
  const consents = "allowDataLoss" in (CONTRACTS.get(type)?.inputs.shape ?? {});
  const consent = effect !== "nothing" && consents ? { allowDataLoss: true } : {};
  return { ...inputs, ...consent, ...Object.fromEntries(others) };
}

/** One line per resource with such inputs: the operation, the fields and the reason. */
function expected(deployed: readonly Deployed[], effect: Effect): string[] {
  return deployed
    .flatMap(({ type, name, changes }) => {
      const those = changes.filter((it) => it.effect === effect);
      if (those.length === 0) return [];
      const op = effect === "replaces" ? "replace" : "update";
      const says = those.flatMap(({ reason }) => (reason ? [`replaces ${name}: ${reason}`] : []));
      return [line({ op, type, name, fields: those.map((it) => it.field), says })];
    })
    .toSorted();
}

function shown({ steps, failure }: Outcome): string[] {
  const lines = steps.map(({ op, type, name, fields, replaces, says = [] }) => {
    const of = op === "replace" ? replaces : fields;
    const others = op === "replace" ? fields.filter((it) => !replaces.includes(it)) : replaces;
    const reasons = says.filter((it) => it.startsWith("replaces "));
    return line({ op, type, name, fields: of.map(topOf), says: [...reasons, ...others] });
  });
  return [...lines.toSorted(), ...(failure ? [failure] : [])];
}

interface Line {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly fields: readonly string[];
  readonly says: readonly string[];
}

function line({ op, type, name, fields, says }: Line): string {
  return `${op} ${type} ${name}: ${eachOnce(fields)}; ${eachOnce(says)}`;
}

function eachOnce(all: readonly string[]): string {
  return [...new Set(all)].toSorted().join(", ");
}

/** `env` of `env["A.B"]`. */
function topOf(path: string): string {
  return path.replace(/[.[].*/, "");
}
