import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a key is the expected one, in a time that tells nothing about how much of it is right. */
export function isSameKey(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** Equal lengths for the comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
