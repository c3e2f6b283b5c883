import type { Health } from "../health.ts";

/** What is used of Hono's context, so that an app without Hono needs none of its types. */
interface HonoContext {
  readonly req: { readonly raw: Request; readonly path: string };
}

/** Middleware for Hono: answers the paths of health and passes everything else on. */
export function honoHealth({ handler, paths }: Pick<Health, "handler" | "paths">) {
  return async (context: HonoContext, next: () => Promise<void>): Promise<Response | undefined> => {
    if (paths.has(context.req.path)) return handler(context.req.raw);
    await next();
    return undefined;
  };
}
