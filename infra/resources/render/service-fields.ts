import { z } from "zod";
import { field } from "../contract.ts";
import { adoptField } from "./consent-fields.ts";
import { environmentField, ownerField } from "./workspace-fields.ts";

/**
 * The common inputs and outputs of Render's service types.
 *
 * @see https://api-docs.render.com/reference/create-service
 */
export const identityFields = {
  name: field(z.string().min(1), {
    description: "Name in the workspace. A new name keeps the slug and so the URL.",
  }),
  ...ownerField,
  ...environmentField,
  ...adoptField,
};

/** The source, and when a commit is deployed automatically. */
export const repositoryFields = {
  repo: field(z.string().optional(), {
    description: "Repository that Render builds.",
    normalise: withoutGitSuffix,
  }),
  branch: field(z.string().optional(), { description: "Branch that is deployed." }),
  rootDir: field(z.string().optional(), {
    description: "Directory of the repository that is built and run.",
  }),
  buildCommand: field(z.string().optional(), {
    description: "Build command of a native runtime or a static site.",
  }),
  autoDeploy: field(z.boolean().optional(), { description: "Deploy each push to the branch." }),
  autoDeployTrigger: field(z.enum(["commit", "checksPass", "off"]).optional(), {
    description: "When a push is deployed: at once, after its checks passed, or never.",
  }),
  buildFilter: field(
    z
      .strictObject({
        paths: field(z.array(z.string()), {
          description: "Only a change of these is deployed by itself; empty means of anything.",
          unordered: true,
        }),
        ignoredPaths: field(z.array(z.string()), {
          description: "A change of these alone is not deployed by itself.",
          unordered: true,
        }),
      })
      .optional(),
    { description: "Which paths a push must touch to be deployed." },
  ),
};

/** The process: a repository that Render builds and runs, or an image. */
export const computeFields = {
  region: field(z.string(), {
    description: "Region, for example `oregon`.",
    replaces: "Render cannot move a service to another region",
  }),
  plan: field(z.string(), {
    description:
      "Instance type, for example `starter`. Always sent: Render's own default is a paid one.",
  }),
  runtime: field(z.string(), {
    description: "Render's runtime: docker, elixir, go, image, node, python, ruby or rust.",
  }),
  ...repositoryFields,
  image: field(z.string().optional(), {
    description: "Image to run, best by digest. Needs the runtime `image`.",
    normalise: fullImageName,
  }),
  registryCredentialId: field(
    z.string().regex(/^rgc-/, "should be a registry credential id such as rgc-…").optional(),
    { description: "Account with which a private image, or the base of a Dockerfile, is pulled." },
  ),
  startCommand: field(z.string().optional(), { description: "Start command of a native runtime." }),
  dockerCommand: field(z.string().optional(), {
    description: "Command line that overrides the image's own.",
  }),
  dockerContext: field(z.string().optional(), {
    description: "Directory that is the build's context, from the root directory.",
    normalise: relativePath,
  }),
  dockerfilePath: field(z.string().optional(), {
    description: "The Dockerfile, from the root directory.",
    normalise: relativePath,
  }),
};

/** The environment of the process. */
export const processFields = {
  env: field(z.record(z.string(), z.string()).optional(), {
    description:
      "Environment variables that this program owns. Others on the service are left alone.",
    secretOnImport: true,
  }),
  secretFiles: field(z.record(z.string(), z.string()).optional(), {
    description:
      "Files mounted at /etc/secrets/<name>, content by name. Others on the service are left alone.",
    secretOnImport: true,
  }),
  envGroups: field(z.array(z.string()).optional(), {
    description:
      "Ids of env groups that are linked to this service. Links that others made are left alone.",
    unordered: true,
    ownsItems: true,
  }),
  groupHashes: field(z.string().optional(), {
    description:
      "Content hashes of the linked groups, as text: another text deploys the service, because a changed group alone does not.",
    unread: true,
  }),
};

/** Custom domains of a public service. */
export const domainFields = {
  domains: field(z.array(z.string().lowercase("should be in lower case")).optional(), {
    description:
      "Host names of its own. The www or apex sibling that Render adds to one is not among them, and those that others added are left alone.",
    unordered: true,
    ownsItems: true,
  }),
};

/** Previews of pull requests. */
export const previewFields = {
  previews: field(z.enum(["off", "manual", "automatic"]).optional(), {
    description: "Whether pull requests get a preview: never, when asked for, or always.",
  }),
};

/** The outputs of every service type. Updates do not change them. */
export const serviceOutputs = {
  slug: field(z.string(), { description: "Name in host names; fixed at creation." }),
  dashboardUrl: field(z.string(), { description: "Page in Render's dashboard." }),
};

/** The fields that decide how a service is built and started. */
export interface Runnable {
  readonly runtime: string;
  readonly repo?: string | undefined;
  readonly image?: string | undefined;
  readonly buildCommand?: string | undefined;
  readonly startCommand?: string | undefined;
}

/** Rules between the runtime and other fields that Render checks only after the service exists. */
export function refineRunnable(inputs: Runnable, context: z.core.$RefinementCtx): void {
  const { runtime } = inputs;
  const needed: readonly (keyof Runnable)[] =
    runtime === "image"
      ? ["image"]
      : runtime === "docker"
        ? ["repo"]
        : ["repo", "buildCommand", "startCommand"];
  for (const key of needed.filter((it) => inputs[it] === undefined)) {
    context.addIssue({
      code: "custom",
      path: [key],
      message: `is missing: the runtime "${runtime}" needs it. Set it, or choose another runtime.`,
    });
  }
}

/** A repository's URL without the `.git` that Render drops. */
function withoutGitSuffix(url: string): string {
  return url.replace(/\.git$/, "");
}

/** An image's name as Render spells it: `nginx` is `docker.io/library/nginx:latest`. */
function fullImageName(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const hasRegistry = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const path = hasRegistry ? image : `docker.io/${rest.length > 0 ? image : `library/${image}`}`;
  return /[:@][^/]*$/.test(path.slice(path.indexOf("/"))) ? path : `${path}:latest`;
}

/** Render treats `./Dockerfile` and `Dockerfile` as the same path. */
function relativePath(path: string): string {
  return path.replace(/^\.\/(?=.)/, "");
}
