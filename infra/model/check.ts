import { parseDuration } from "@opspec/runtime/schedule";
import type { StackSpec } from "../spec/stack.ts";
import { DEFAULT_CHECK_STATUS } from "./defaults.ts";
import { given } from "./keyed.ts";
import type { CheckModel } from "./stack-model.ts";

/** The declared checks of verify, with defaults. */
export function modelChecks(spec: StackSpec): CheckModel[] {
  return (spec.verify ?? []).map((check): CheckModel => {
    if ("job" in check) {
      return { kind: "ran", job: check.job, withinSeconds: parseDuration(check.ranWithin) };
    }
    if ("channel" in check) return { kind: "channel", channel: check.channel };
    const { http, path = "/", status = DEFAULT_CHECK_STATUS, json } = check;
    return { kind: "http", service: http, path, status, ...given({ json }) };
  });
}
