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
  /** What the fields do not show: which job of a manifest changed, why the resource is replaced. */
  readonly says?: readonly string[];
}
