/**
 * The local cloud cannot start, for a reason that the operator can fix: a used port, an unreadable
 * state file.
 */
export class LocalCloudStartError extends Error {
  override readonly name = "LocalCloudStartError";
}
