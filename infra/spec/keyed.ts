import { z } from "zod";
import { Key, oneOrMore } from "./scalar.ts";

/** Pulumi options of one resource. */
export const PulumiSpec = z
  .strictObject({
    protect: z
      .boolean()
      .optional()
      .meta({ description: "Refuse to delete or replace the resource.", examples: [true] }),
    retainOnDelete: z
      .boolean()
      .optional()
      .meta({
        description:
          "When the resource is removed from the spec, remove it from state and leave it running.",
        examples: [true],
      }),
    ignoreChanges: z
      .array(z.string().min(1))
      .optional()
      .meta({
        description:
          "Inputs of the resource that are changed outside this stack. Pulumi ignores their changes.",
        examples: [["numInstances"]],
      }),
    import: z
      .string()
      .min(1)
      .optional()
      .meta({
        description:
          "Id of an existing resource to import. The preview shows how the resource differs from the spec.",
        examples: ["srv-cq1b2c3d4e5f6g7h8i9j"],
      }),
    adopt: z
      .boolean()
      .optional()
      .meta({
        description:
          "Adopt the existing resource with the same name. It is updated to match the spec, and the preview does not show what changes.",
        examples: [true],
      }),
  })
  .meta({ id: "pulumi" });

/** Pulumi options of every resource with a key. */
export const keyed = {
  formerly: oneOrMore(Key)
    .optional()
    .meta({
      description:
        "Previous keys. A renamed key with its previous key here keeps its resource; without it the resource is replaced.",
      examples: ["cockpit", ["cockpit", "app"]],
    }),
  pulumi: PulumiSpec.optional().meta({
    description: "Pulumi options of this resource, such as protect, import and adopt.",
    examples: [{ protect: true }],
  }),
};
