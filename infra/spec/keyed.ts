import { z } from "zod";
import { Key, oneOrMore } from "./scalar.ts";

/** What every keyed thing of a stack may say about its life in Pulumi. */
export const keyed = {
  formerly: oneOrMore(Key)
    .optional()
    .meta({
      description:
        "Earlier keys of this. With it a renamed key keeps its resource instead of replacing it.",
      examples: ["cockpit", ["cockpit", "app"]],
    }),
  pulumi: z
    .strictObject({
      protect: z
        .boolean()
        .optional()
        .meta({ description: "Refuse to delete or replace it.", examples: [true] }),
      retainOnDelete: z
        .boolean()
        .optional()
        .meta({
          description: "When it leaves the spec, forget it and leave it running.",
          examples: [true],
        }),
      ignoreChanges: z
        .array(z.string().min(1))
        .optional()
        .meta({
          description: "Inputs of the resource that others change.",
          examples: [["numInstances"]],
        }),
      import: z
        .string()
        .min(1)
        .optional()
        .meta({
          description: "Id of an existing resource to take over.",
          examples: ["srv-cq1b2c3d4e5f6g7h8i9j"],
        }),
    })
    .optional()
    .meta({
      description: "Pulumi's own options for this one resource.",
      examples: [{ protect: true }],
    }),
};
