import { Environment } from "../../resources/render/environment.ts";
import { type Json, memberAt } from "./answer.ts";
import { ALLOW_LIST, itemsOf } from "./body-fields.ts";
import { recordType } from "./record.ts";

/** Render's lists of what stands in an environment; the first is its own spelling. */
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
  // Some workspaces do not tell the allow-list of an environment: what was declared counts then.
  observe: async ({ record, inputs, known }) =>
    memberAt(record, ["ipAllowList"]) === undefined
      ? { ...inputs, ipAllowList: known.inputs["ipAllowList"] as Json | undefined }
      : inputs,
  // Render makes a project with its first environment. In a project that this stack makes, one of
  // our name that holds nothing is that one; in another stack's project it may be a colleague's.
  isOurs: async (record, { client }) =>
    client.ownProjects.has(String(memberAt(record, ["projectId"]))) && isEmpty(record),
  outputs: async () => ({}),
});

function isEmpty(record: Json): boolean {
  return MEMBER_LISTS.every((list) => itemsOf(memberAt(record, [list])).length === 0);
}
