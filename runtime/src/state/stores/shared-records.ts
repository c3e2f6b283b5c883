/** How run records are kept in a store that other stacks may use too. */
export interface SharedRecords {
  /** Of the stack to which they belong. */
  readonly namespace: string;
  /** Records of one job that are kept. */
  readonly keepRecords: number;
}
