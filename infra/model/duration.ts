import { parseDuration } from "@opspec/runtime/schedule";

/** A duration in seconds; undefined for undefined. */
export function seconds(duration: string): number;
export function seconds(duration: string | undefined): number | undefined;
export function seconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}

/** A duration in milliseconds; undefined for undefined. */
export function milliseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration) * 1000;
}
