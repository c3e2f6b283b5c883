import { Project } from "../../resources/render/project.ts";
import { implement } from "../kit/plugin.ts";
import type { RenderClient } from "./client.ts";
import { idOf } from "./find-or-post.ts";
import { recordLifecycle } from "./record.ts";
import { namesakesOf } from "./record-creation.ts";
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

/** A project, or one that another stack made and this one only uses. */
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
      `name: ${count} called "${inputs.name}" in ${inputs.ownerId}. Deploy the stack that makes it first, or leave out existing: true.`,
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
