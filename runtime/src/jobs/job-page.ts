/** What the reference says of a job besides its options. The runtime itself does not load it. */
export interface JobPage {
  /** What the runbooks call it: names of jobs, commands and scripts. */
  readonly alsoKnownAs: readonly string[];
  /** What it does, a sentence each, in the order in which it happens. */
  readonly does: readonly string[];
  /** What it writes, changes or sends, and where; by a short name. */
  readonly artifacts: Readonly<Record<string, string>>;
  /** When it ends so: exit codes, and the states of its record. */
  readonly exits: Readonly<Record<string, string>>;
  /** What a dry run does and says. */
  readonly dryRun: string;
  /** One job of a spec in YAML, as it may stand under `jobs:`. */
  readonly example: string;
}
