import { parseDuration } from "@opspec/runtime/schedule";

/** A length of time in seconds; nothing for nothing. */
export function seconds(duration: string): number;
export function seconds(duration: string | undefined): number | undefined;
export function seconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}

/** A length of time in milliseconds; nothing for nothing. */
export function milliseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration) * 1000;
}
