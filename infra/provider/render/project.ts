import { Environment } from "../../resources/render/environment.ts";
import { Project } from "../../resources/render/project.ts";
import { implement } from "../kit/plugin.ts";
import { type Json, memberAt } from "./answer.ts";
import { ALLOW_LIST, itemsOf } from "./body-fields.ts";
import type { RenderClient } from "./client.ts";
import { idOf } from "./find-or-post.ts";
import { namesakesOf } from "./record-creation.ts";
import { recordLifecycle, recordType } from "./record.ts";
import type { RecordKind } from "./record-kind.ts";

const KIND: RecordKind = {
  contract: Project,
  noun: "project",
  optionsKey: "render.project.pulumi",
  path: "/projects",
  listNoun: "project",
  scope: "ownerId",
  fields: {
    name: { write: ["name"] },
    ownerId: { write: ["ownerId"], read: ["owner", "id"], createOnly: true },
  },
  bodyOfNew: ({ firstEnvironment }) => ({ environments: [{ name: firstEnvironment }] }),
  outputs: async () => ({}),
};

const lifecycle = recordLifecycle(KIND);

/** A project, created by this stack or only used by it. */
export const project = implement<typeof Project, RenderClient>(Project, {
  create: async (inputs, call) => {
    if (!inputs.existing) {
      const { id } = await lifecycle.create(inputs, call);
      call.client.ownProjects.add(id);
      return { id, outputs: {} };
    }
    const [first, ...others] = await namesakesOf(KIND, inputs, { call });
    if (first !== undefined && others.length === 0) return { id: idOf(first), outputs: {} };
    const count = first === undefined ? "no project is" : `${others.length + 1} projects are`;
    throw new Error(
      `name: ${count} called "${inputs.name}" in ${inputs.ownerId}. Deploy the stack that creates it first, or remove existing: true.`,
    );
  },
  read: async (id, call, known) => {
    const observed = await lifecycle.read(id, call, known);
    return observed && { inputs: observed.inputs, outputs: {} };
  },
  update: async (id, wanted, call) => {
    if (!wanted.inputs.existing) await lifecycle.update(id, wanted, call);
    return {};
  },
  announce: (id, inputs, client) => {
    if (inputs["existing"] !== true) client.ownProjects.add(id);
  },
  remove: async (id, call, known) => {
    if (known.inputs["existing"] !== true) await lifecycle.remove(id, call);
  },
});

/** Render's lists of an environment's members; the first is Render's spelling. */
const MEMBER_LISTS = ["databasesIds", "redisIds", "serviceIds", "envGroupIds"];

/** An environment of a project. */
export const environment = recordType({
  contract: Environment,
  noun: "environment",
  optionsKey: "render.project.environmentPulumi",
  path: "/environments",
  listNoun: "environment",
  scope: "projectId",
  fields: {
    name: { write: ["name"] },
    projectId: { write: ["projectId"], createOnly: true },
    networkIsolation: { write: ["networkIsolationEnabled"], cleared: false },
    protected: {
      write: ["protectedStatus"],
      toApi: (on) => (on ? "protected" : "unprotected"),
      fromApi: (status) => status === "protected",
      cleared: "unprotected",
    },
    ipAllowList: ALLOW_LIST,
  },
  // Some workspaces do not return an environment's allow-list; the declared one is used then.
  observe: async ({ record, inputs, known }) =>
    memberAt(record, ["ipAllowList"]) === undefined
      ? { ...inputs, ipAllowList: known.inputs["ipAllowList"] as Json | undefined }
      : inputs,
  // Render creates a project with its first environment. In a project of this stack, an empty
  // environment with our name is that one; in another stack's project it may belong to somebody
  // else.
  isOurs: async (record, { client }) =>
    client.ownProjects.has(String(memberAt(record, ["projectId"]))) && isEmpty(record),
  outputs: async () => ({}),
});

function isEmpty(record: Json): boolean {
  return MEMBER_LISTS.every((list) => itemsOf(memberAt(record, [list])).length === 0);
}
