/** One resource that an operation changes. */
export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Paths of the inputs that differ. */
  readonly fields: readonly string[];
  /** Those of them that the vendor cannot change in place. */
  readonly replaces: readonly string[];
  /** What a reviewer would not see in the fields: which job of a manifest changed, why it is replaced. */
  readonly says?: readonly string[];
}
