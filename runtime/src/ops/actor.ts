import * as z from "zod/mini";
import type { OpsExchange } from "./route.ts";

/**
 * Who did something, as it is said by `call` and by people: one line without control characters,
 * which a terminal would obey and Postgres does not store.
 */
export const Actor = z
  .string()
  .check(
    z.regex(
      /^(call|manual [^\s\p{Cc}][^\p{Cc}\p{Zl}\p{Zp}]{0,99})$/u,
      "should be `call` or `manual <who>`",
    ),
  );

/** The actor of a request that names none. */
export function actorOf({ access }: Pick<OpsExchange, "access">, said?: string): string {
  return said ?? (access === "call" ? "call" : "manual ops");
}

/** Says in the log what somebody changed: every change through /ops is one such line. */
export function noteChange(
  { ops }: Pick<OpsExchange, "ops">,
  change: { readonly actor: string; readonly did: string } & Readonly<Record<string, unknown>>,
): void {
  ops.process.log.info(change, "ops change");
}
