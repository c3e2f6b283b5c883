import { z } from "zod";
import { keyed } from "./keyed.ts";
import { HttpsUrl, Key, RelativePath } from "./scalar.ts";

/** The source of a service's code or image. */
export const SourceSpec = z
  .union([
    z
      .strictObject({
        repo: HttpsUrl.meta({
          description: "URL of the repository.",
          examples: ["https://github.com/example/app"],
        }),
        branch: z
          .string()
          .min(1)
          .optional()
          .meta({ description: "Branch. Default: main.", examples: ["main"] }),
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
            description: "Image reference with tag or digest.",
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
      .meta({
        description: "Only changes to these paths trigger a deploy.",
        examples: [["backend/**"]],
      }),
    ignored: z
      .array(z.string().min(1))
      .optional()
      .meta({
        description: "Changes to only these paths do not trigger a deploy.",
        examples: [["docs/**"]],
      }),
  })
  .meta({
    id: "buildFilter",
    description: "Changed files that trigger an automatic deploy.",
    examples: [{ paths: ["backend/**"] }],
  });

/** A container registry account. */
export const RegistrySpec = z
  .strictObject({
    kind: z
      .enum(["github", "gitlab", "docker", "google-artifact", "aws-ecr"])
      .meta({ description: "Registry provider.", examples: ["github"] }),
    name: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Name on Render. Default: <system>-<key>.",
        examples: ["ghcr"],
      }),
    username: z
      .string()
      .min(1)
      .meta({ description: "User name.", examples: ["example-bot"] }),
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
    description: "A container registry account.",
    examples: [{ kind: "github", username: "example-bot", token: { secret: "GHCR_TOKEN" } }],
  });

export type SourceSpec = z.infer<typeof SourceSpec>;
