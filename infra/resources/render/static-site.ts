import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import {
  domainFields,
  identityFields,
  previewFields,
  processFields,
  repositoryFields,
  serviceOutputs,
} from "./service-fields.ts";
import { allowListField } from "./workspace-fields.ts";

const header = z.strictObject({
  path: field(z.string().min(1), { description: "Paths that get it, for example `/*`." }),
  name: field(z.string().min(1), { description: "Name of the header." }),
  value: field(z.string(), { description: "Value of the header." }),
});

const route = z.strictObject({
  type: field(z.enum(["redirect", "rewrite"]), {
    description: "Send the browser elsewhere, or answer with something else.",
  }),
  source: field(z.string().min(1), { description: "Paths that it is for." }),
  destination: field(z.string().min(1), { description: "Where they lead." }),
});

/** A static site: files that Render builds once and serves from its edge. */
export const StaticSite = {
  token: "render:index:StaticSite",
  description:
    "A Render static site with its headers, routes and domains, and one waited-for deploy.",
  deleteBeforeReplace: true,
  inputs: z.strictObject({
    ...identityFields,
    ...repositoryFields,
    ...processFields,
    ...previewFields,
    ...domainFields,
    ...allowListField,
    publishPath: field(z.string().optional(), {
      description: "Directory that is served, from the root directory.",
    }),
    headers: field(z.array(header).optional(), {
      description: "Response headers: all of them.",
      unordered: true,
    }),
    routes: field(z.array(route).optional(), {
      description: "Redirects and rewrites, all of them, in the order in which they are tried.",
    }),
  }),
  outputs: z.strictObject({
    ...serviceOutputs,
    url: field(z.string(), { description: "Public address, https://…" }),
  }),
} as const satisfies ResourceContract;
