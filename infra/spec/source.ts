import { z } from "zod";
import { keyed } from "./keyed.ts";
import { HttpsUrl, Key, RelativePath } from "./scalar.ts";

/** Where the code or the image of a service comes from. */
export const SourceSpec = z
  .union([
    z
      .strictObject({
        repo: HttpsUrl.meta({
          description: "Repository.",
          examples: ["https://github.com/example/app"],
        }),
        branch: z
          .string()
          .min(1)
          .optional()
          .meta({ description: "Branch; main when it is not given.", examples: ["main"] }),
        dir: RelativePath.optional().meta({
          description: "Directory of the repository in which the service is built and started.",
          examples: ["backend"],
        }),
      })
      .meta({ description: "A Git repository." }),
    z
      .strictObject({
        image: z
          .string()
          .min(1)
          .meta({
            description: "Image with tag or digest.",
            examples: ["ghcr.io/example/app:1.2.3"],
          }),
        registry: Key.optional().meta({
          description: "Key of the registry whose credential pulls the image.",
          examples: ["github"],
        }),
      })
      .meta({ description: "An image from a registry." }),
  ])
  .meta({
    id: "source",
    description: "Where the code or the image comes from.",
    examples: [{ repo: "https://github.com/example/app", branch: "main" }],
  });

/** Which commits deploy by themselves. */
export const BuildFilterSpec = z
  .strictObject({
    paths: z
      .array(z.string().min(1))
      .optional()
      .meta({ description: "Only changes of these deploy.", examples: [["backend/**"]] }),
    ignored: z
      .array(z.string().min(1))
      .optional()
      .meta({ description: "Changes of only these do not deploy.", examples: [["docs/**"]] }),
  })
  .meta({
    id: "buildFilter",
    description: "Which changed files deploy by themselves.",
    examples: [{ paths: ["backend/**"] }],
  });

/** An account at a registry of images. */
export const RegistrySpec = z
  .strictObject({
    kind: z
      .enum(["github", "gitlab", "docker", "google-artifact", "aws-ecr"])
      .meta({ description: "Which registry.", examples: ["github"] }),
    name: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Name on Render; <system>-<key> when it is not given.",
        examples: ["ghcr"],
      }),
    username: z
      .string()
      .min(1)
      .meta({ description: "User.", examples: ["example-bot"] }),
    token: z
      .strictObject({
        secret: z
          .string()
          .min(1)
          .meta({ description: "Name of the secret.", examples: ["GHCR_TOKEN"] }),
      })
      .meta({ description: "Token that may read packages.", examples: [{ secret: "GHCR_TOKEN" }] }),
    ...keyed,
  })
  .meta({
    id: "registry",
    description: "An account at a registry of images.",
    examples: [{ kind: "github", username: "example-bot", token: { secret: "GHCR_TOKEN" } }],
  });

export type SourceSpec = z.infer<typeof SourceSpec>;
