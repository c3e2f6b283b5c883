import { z } from "zod";
import { Key, oneOrMore } from "./scalar.ts";

/** What a stack may say about the life of one resource in Pulumi. */
export const PulumiSpec = z
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
        description:
          "Id of an existing resource to take over. The preview shows what of it differs from what is declared.",
        examples: ["srv-cq1b2c3d4e5f6g7h8i9j"],
      }),
    adopt: z
      .boolean()
      .optional()
      .meta({
        description:
          "Take over the one of its name that is there already, without its id. It becomes what is declared, and no preview shows what that changes.",
        examples: [true],
      }),
  })
  .meta({ id: "pulumi" });

/** What every keyed thing of a stack may say about its life in Pulumi. */
export const keyed = {
  formerly: oneOrMore(Key)
    .optional()
    .meta({
      description:
        "Earlier keys of this. With it a renamed key keeps its resource instead of replacing it.",
      examples: ["cockpit", ["cockpit", "app"]],
    }),
  pulumi: PulumiSpec.optional().meta({
    description: "Options of Pulumi, and of taking over what exists, for this one resource.",
    examples: [{ protect: true }],
  }),
};
