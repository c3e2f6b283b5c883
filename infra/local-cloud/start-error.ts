/** The local cloud cannot start for a reason that whoever starts it can mend: a taken port, a foreign state file. */
export class LocalCloudStartError extends Error {
  override readonly name = "LocalCloudStartError";
}
