import { z } from "zod";
import { field } from "../contract.ts";

/** The workspace that owns a resource. */
export const ownerField = {
  ownerId: field(z.string().regex(/^(tea|usr)-/, "should be a workspace id such as tea-…"), {
    description: "The workspace that owns it.",
    replaces: "Render cannot move it to another workspace",
  }),
};

/** The project environment of a resource. */
export const environmentField = {
  environmentId: field(
    z.string().regex(/^evm-/, "should be an environment id such as evm-…").optional(),
    { description: "Environment of a project in which it stands." },
  ),
};

/** An address range outside Render that may connect. */
const allowedNetwork = z.strictObject({
  cidr: field(z.string(), { description: "Network, for example `203.0.113.0/24`." }),
  description: field(z.string(), { description: "Who that is." }),
});

/** Address ranges that may connect. Absent: unchanged. Empty: none. */
export const allowListField = {
  ipAllowList: field(z.array(allowedNetwork).optional(), {
    description:
      "Networks outside Render that may connect: all of them. Absent, the list is left as it is; empty, nobody may.",
    unordered: true,
  }),
};
