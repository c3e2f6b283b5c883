/** One resource that an operation changes. */
export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Paths of the inputs that differ. */
  readonly fields: readonly string[];
  /** The fields that the vendor cannot change in place. */
  readonly replaces: readonly string[];
  /** Details that the fields do not show: the changed job of a manifest, the reason for a replacement. */
  readonly says?: readonly string[];
}
