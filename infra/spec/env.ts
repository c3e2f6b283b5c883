import { z } from "zod";
import { EnvName, FileName, HttpPath, Key } from "./scalar.ts";

const buildTime = z
  .boolean()
  .optional()
  .meta({
    description:
      "The build uses the variable too (VITE_…, NEXT_PUBLIC_…), so a change triggers a build.",
    examples: [true],
  });

const path = HttpPath.optional().meta({
  description: "Path appended to the URL.",
  examples: ["/api"],
});

const plain = z.union([z.string(), z.number(), z.boolean()]);

/** Value of an environment variable: plain text or a reference. */
export const EnvValueSpec = z
  .union([
    z.string().meta({ description: "The value, in clear text. Never a secret." }),
    z.number().meta({ description: "A number; the app reads it as text." }),
    z.boolean().meta({ description: "The app reads it as the text true or false." }),
    z
      .strictObject({
        value: plain.meta({
          description: "The value, in clear text. Never a secret.",
          examples: ["/api"],
        }),
        buildTime,
      })
      .meta({ description: "A plain value with options." }),
    z
      .strictObject({
        secret: EnvName.meta({
          description: "Name of a secret of this stack.",
          examples: ["SENDGRID_API_KEY"],
        }),
        buildTime,
      })
      .meta({ description: "The value of a secret." }),
    z
      .strictObject({
        url: Key.meta({ description: "Key of a web service or static site.", examples: ["web"] }),
        path,
        buildTime,
      })
      .meta({
        description: "The public https URL of a service: its first domain, otherwise Render's.",
      }),
    z
      .strictObject({
        privateUrl: Key.meta({
          description: "Key of a web or private service.",
          examples: ["web"],
        }),
        path,
      })
      .meta({ description: "The URL of a service inside Render's private network." }),
    z
      .strictObject({
        database: Key.meta({ description: "Key of a database.", examples: ["main"] }),
        property: z
          .enum(["url", "internalUrl", "externalUrl", "host", "port", "user", "password", "name"])
          .optional()
          .meta({
            description:
              "Connection property. url is the internal URL on Render and the external URL elsewhere. Default: url.",
            examples: ["url"],
          }),
      })
      .meta({ description: "How to connect to a Postgres database." }),
    z
      .strictObject({
        keyValue: Key.meta({ description: "Key of a Key Value store.", examples: ["queue"] }),
        property: z
          .enum(["url", "internalUrl", "externalUrl"])
          .optional()
          .meta({
            description:
              "Connection property. url is the internal URL on Render and the external URL elsewhere. Default: url.",
            examples: ["url"],
          }),
      })
      .meta({ description: "How to connect to a Key Value store (Redis)." }),
  ])
  .meta({
    id: "envValue",
    description: "Value of an environment variable.",
    examples: ["America/Mazatlan", { secret: "SENDGRID_API_KEY" }, { url: "web" }],
  });

/** Environment variables by name. */
export const EnvSpec = z.record(EnvName, EnvValueSpec).meta({
  id: "env",
  description: "Environment variables by name.",
  examples: [{ TZ: "America/Mazatlan", SENDGRID_API_KEY: { secret: "SENDGRID_API_KEY" } }],
});

/** Files under /etc/secrets by name. */
export const SecretFilesSpec = z
  .record(
    FileName,
    z.union([
      z
        .strictObject({
          secret: EnvName.meta({
            description: "Secret that holds the content.",
            examples: ["SEED_DB"],
          }),
        })
        .meta({ description: "The content is a secret." }),
      z
        .strictObject({
          text: z.string().meta({ description: "The content, in clear text.", examples: ["{}"] }),
        })
        .meta({ description: "The content is plain text." }),
    ]),
  )
  .meta({
    id: "secretFiles",
    description: "Files that the platform mounts at /etc/secrets/<name>.",
    examples: [{ "seed.db.gz.b64": { secret: "SEED_DB" } }],
  });

export type EnvValueSpec = z.infer<typeof EnvValueSpec>;
export type EnvSpec = z.infer<typeof EnvSpec>;
export type SecretFilesSpec = z.infer<typeof SecretFilesSpec>;
