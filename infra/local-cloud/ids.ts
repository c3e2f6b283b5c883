import { randomBytes } from "node:crypto";

/** The digits of an xid: base 32 with the extended hex alphabet, in lower case. */
const XID_DIGITS = "0123456789abcdefghijklmnopqrstuv";

/** Characters of an xid: 12 bytes in groups of five bits. */
const XID_LENGTH = 20;

/**
 * A new id such as `srv-d0k2…`: a prefix for the kind and 20 characters that start with the time.
 *
 * Render's ids are xids; its command line refuses anything that is not 20 lower-case characters.
 */
export function newId(prefix: string, nowMs: number): string {
  const bytes = Buffer.concat([Buffer.alloc(4), randomBytes(8)]);
  bytes.writeUInt32BE(Math.floor(nowMs / 1000) % 2 ** 32);

  return `${prefix}-${xidText(bytes)}`;
}

/**
 * Random lower-case letters and digits, for passwords and for suffixes of names that are in use.
 */
export function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => XID_DIGITS.charAt(byte % 32)).join("");
}

function xidText(bytes: Buffer): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");

  return Array.from({ length: XID_LENGTH }, (_, index) => {
    const group = bits.slice(index * 5, index * 5 + 5).padEnd(5, "0");
    return XID_DIGITS.charAt(Number.parseInt(group, 2));
  }).join("");
}
