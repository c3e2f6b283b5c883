import type { TreeObject } from "../provider/kit/property-tree.ts";
import type { RenderInProcess } from "./render-in-process.ts";

/** The workspace of every fixture, which the local cloud lists. */
export const OWNER = "tea-local000000000000000";

/** Existing resources to which fixtures refer. */
export interface Prerequisites {
  readonly project: string;
  readonly environments: readonly [string, string];
  readonly groups: readonly [string, string];
  readonly credential: string;
  readonly service: string;
}

/** A resource's first inputs, and inputs with as many changes in place as possible. */
export interface Fixture {
  readonly name: string;
  readonly first: (at: Prerequisites) => TreeObject;
  readonly second: (at: Prerequisites) => TreeObject;
}

/** Creates the resources to which fixtures refer. */
export async function makePrerequisites(render: RenderInProcess): Promise<Prerequisites> {
  const make = async (path: string, body: object): Promise<Record<string, unknown>> =>
    (await render.api("POST", path, body)) as Record<string, unknown>;
  const project = await make("/projects", {
    name: "around",
    ownerId: OWNER,
    environments: [{ name: "one" }, { name: "two" }],
  });
  const [one = "", two = ""] = project["environmentIds"] as string[];
  const group = async (name: string): Promise<string> =>
    idOf(await make("/env-groups", { name, ownerId: OWNER, envVars: [{ key: "G", value: name }] }));
  const credential = await make("/registrycredentials", {
    name: "around",
    ownerId: OWNER,
    registry: "GITHUB",
    username: "bot",
    authToken: "t",
  });
  const { service } = await make("/services", {
    type: "private_service",
    name: "around",
    ownerId: OWNER,
    repo: "https://github.com/example/around",
    serviceDetails: {
      runtime: "docker",
      plan: "starter",
    },
  });
  return {
    project: idOf(project),
    environments: [one, two],
    groups: [await group("alpha"), await group("beta")],
    credential: idOf(credential),
    service: idOf(service as Record<string, unknown>),
  };
}

function idOf({ id }: Record<string, unknown>): string {
  return String(id);
}
