import { z } from "zod";
import { HttpPath, RelativePath } from "./scalar.ts";

/** Keys that only a static site has. */
export const staticSite = {
  publish: RelativePath.optional().meta({
    description: "Directory with the built files. Default: public.",
    examples: ["dist"],
  }),
  headers: z
    .array(
      z.strictObject({
        path: z
          .string()
          .startsWith("/")
          .meta({ description: "Path pattern; * matches anything.", examples: ["/*"] }),
        name: z
          .string()
          .min(1)
          .meta({ description: "Name of the header.", examples: ["X-Frame-Options"] }),
        value: z.string().meta({ description: "Value of the header.", examples: ["DENY"] }),
      }),
    )
    .optional()
    .meta({
      description: "Response headers.",
      examples: [[{ path: "/*", name: "X-Frame-Options", value: "DENY" }]],
    }),
  routes: z
    .array(
      z.strictObject({
        type: z
          .enum(["redirect", "rewrite"])
          .meta({ description: "Kind of rule.", examples: ["rewrite"] }),
        source: z
          .string()
          .startsWith("/")
          .meta({ description: "Path pattern; * matches anything.", examples: ["/*"] }),
        destination: z
          .union([HttpPath, z.url()])
          .meta({ description: "Target path or URL.", examples: ["/index.html"] }),
      }),
    )
    .optional()
    .meta({
      description: "Redirects and rewrites. The first match applies.",
      examples: [[{ type: "rewrite", source: "/*", destination: "/index.html" }]],
    }),
};
