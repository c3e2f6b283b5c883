import { z } from "zod";
import { HttpsUrl, RelativePath, Sha256 } from "./scalar.ts";

/** A tarball with the runtime and a Node for linux, pinned by its checksum. */
const RuntimeArchiveSpec = z
  .strictObject({
    url: HttpsUrl.meta({
      description: "Where the build fetches the archive (.tar.gz for linux/amd64).",
      examples: ["https://example.com/opspec-runtime-0.1.0-linux-amd64.tar.gz"],
    }),
    sha256: Sha256.meta({
      description: "SHA-256 of the archive; the build fails when it differs.",
      examples: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    }),
  })
  .meta({ id: "runtimeArchive" });

/** How the runtime gets to the processes that it supervises. */
export const RuntimeSourceSpec = z
  .strictObject({
    image: z
      .string()
      .regex(
        /^[a-z0-9][\w.:/-]*@sha256:[0-9a-f]{64}$/,
        "should be an image with its digest, such as ghcr.io/me/opspec-runtime@sha256:…",
      )
      .optional()
      .meta({
        description:
          "Image of the runtime, by digest. Render cron jobs run it, and your own images copy /opt/opspec from it.",
        examples: [
          "ghcr.io/example/opspec-runtime@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ],
      }),
    archive: RuntimeArchiveSpec.optional().meta({
      description:
        "Archive of the runtime. The build of a native service (python, node, …) fetches and checks it.",
      examples: [
        {
          url: "https://example.com/opspec-runtime-0.1.0-linux-amd64.tar.gz",
          sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
      ],
    }),
    path: RelativePath.optional().meta({
      description:
        "Folder with the unpacked runtime in the app's own repository, instead of an archive.",
      examples: ["vendor/opspec-runtime"],
    }),
  })
  .meta({
    id: "runtimeSource",
    description: "How the runtime gets into the services and cron jobs of the stack.",
  });

export type RuntimeSourceSpec = z.infer<typeof RuntimeSourceSpec>;
