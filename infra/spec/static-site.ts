import { z } from "zod";
import { HttpPath, RelativePath } from "./scalar.ts";

/** Keys that only a static site has. */
export const staticSite = {
  publish: RelativePath.optional().meta({
    description: "Directory with the built files; public when it is not given.",
    examples: ["dist"],
  }),
  headers: z
    .array(
      z.strictObject({
        path: z
          .string()
          .startsWith("/")
          .meta({ description: "Paths, with * for any.", examples: ["/*"] }),
        name: z
          .string()
          .min(1)
          .meta({ description: "Name of the header.", examples: ["X-Frame-Options"] }),
        value: z.string().meta({ description: "Its value.", examples: ["DENY"] }),
      }),
    )
    .optional()
    .meta({
      description: "Headers of the responses.",
      examples: [[{ path: "/*", name: "X-Frame-Options", value: "DENY" }]],
    }),
  routes: z
    .array(
      z.strictObject({
        type: z
          .enum(["redirect", "rewrite"])
          .meta({ description: "How it is answered.", examples: ["rewrite"] }),
        source: z
          .string()
          .startsWith("/")
          .meta({ description: "Paths, with * for any.", examples: ["/*"] }),
        destination: z
          .union([HttpPath, z.url()])
          .meta({ description: "Path or URL.", examples: ["/index.html"] }),
      }),
    )
    .optional()
    .meta({
      description: "Redirects and rewrites; the first that matches wins.",
      examples: [[{ type: "rewrite", source: "/*", destination: "/index.html" }]],
    }),
};
