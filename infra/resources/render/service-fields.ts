import { z } from "zod";
import { field } from "../contract.ts";

/**
 * Inputs and outputs that Render's service types share.
 *
 * @see https://api-docs.render.com/reference/create-service
 */
export const identityFields = {
  name: field(z.string().min(1), {
    description: "Name in the workspace. A new name keeps the slug and so the URL.",
  }),
  ownerId: field(z.string().regex(/^(tea|usr)-/, "should be a workspace id such as tea-…"), {
    description: "The workspace that owns it.",
    replaces: "Render cannot move a service to another workspace",
  }),
  region: field(z.string(), {
    description: "Region, for example `oregon`.",
    replaces: "Render cannot move a service to another region",
  }),
  plan: field(z.string(), {
    description:
      "Instance type, for example `starter`. Always sent: Render's own default is a paid one.",
  }),
};

/** What runs, and where it comes from: a repository that Render builds, or an image. */
export const sourceFields = {
  runtime: field(z.string(), {
    description: "Render's runtime: docker, elixir, go, image, node, python, ruby or rust.",
  }),
  repo: field(z.string().optional(), {
    description: "Repository that Render builds.",
    normalise: withoutGitSuffix,
  }),
  branch: field(z.string().optional(), { description: "Branch that is deployed." }),
  rootDir: field(z.string().optional(), {
    description: "Directory of the repository that is built and run.",
  }),
  image: field(z.string().optional(), {
    description: "Image to run, best by digest. Needs the runtime `image`.",
    normalise: fullImageName,
  }),
  buildCommand: field(z.string().optional(), { description: "Build command of a native runtime." }),
  startCommand: field(z.string().optional(), { description: "Start command of a native runtime." }),
  dockerCommand: field(z.string().optional(), {
    description: "Command line that overrides the image's own.",
  }),
  autoDeploy: field(z.boolean().optional(), { description: "Deploy each push to the branch." }),
};

/** What the process sees of its environment. */
export const environmentFields = {
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
};

/** What a service of any type answers once it exists. All of it is stable under updates. */
export const serviceOutputs = {
  slug: field(z.string(), { description: "Name in host names; fixed at creation." }),
  dashboardUrl: field(z.string(), { description: "Page in Render's dashboard." }),
};

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
