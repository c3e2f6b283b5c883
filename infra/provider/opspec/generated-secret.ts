import { randomBytes } from "node:crypto";
import { GeneratedSecret } from "../../resources/opspec/generated-secret.ts";
import { implement } from "../kit/plugin.ts";

/** Generates the value once. It exists only in the stack's state, so a read makes no call. */
export const generatedSecret = implement<typeof GeneratedSecret, null>(GeneratedSecret, {
  create: async ({ bytes }) => {
    const value = randomBytes(bytes).toString("base64url");
    return { id: "generated", outputs: { value } };
  },
  read: async (_id, _call, { inputs, outputs }) => {
    const value = outputs["value"];
    if (typeof value !== "string") {
      throw new Error(
        "GeneratedSecret: cannot be imported. Set the value as configuration instead.",
      );
    }
    return { inputs, outputs: { value } };
  },
  update: async (_id, { known }) => ({ value: String(known.outputs["value"]) }),
  remove: async () => undefined,
});
