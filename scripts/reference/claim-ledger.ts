import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { CHECKOUT } from "../workspace/paths.ts";

/** One ledger per system, named after it. */
const LEDGERS = "tests/systems/claims";

/**
 * The check of a claim: a test, another rule of this project, a person (because no program of
 * ours can check it), or nothing yet.
 */
export type CheckedBy = "test" | "other" | "person" | "nothing";

/** A test, or another place in the checkout that checks the claim. */
export interface TestLocation {
  /** Path in the checkout. */
  readonly file: string;
  /** The exact title of a test, or a description of the check. */
  readonly text: string;
}

/** One claim of a runbook, in our own words. */
export interface Claim {
  /** The heading of the runbook above the claim. */
  readonly section: string;
  readonly claim: string;
  readonly by: CheckedBy;
  readonly places: readonly TestLocation[];
  /**
   * Why a person is needed or nothing checks the claim. With a test: what the test does not prove.
   */
  readonly why: string;
}

/** All claims of one system's runbook. */
export interface ClaimLedger {
  readonly system: string;
  /** Path of the ledger in the checkout. */
  readonly file: string;
  /** Path of the system's end-to-end tests. */
  readonly endToEnd: string;
  readonly claims: readonly Claim[];
}

/** The ledgers of all systems, by name. */
export function loadClaimLedgers(): ClaimLedger[] {
  return readdirSync(join(CHECKOUT, LEDGERS))
    .toSorted()
    .map((name) => parseLedger(`${LEDGERS}/${name}`));
}

const Text = z.string().min(1);
const Where = z.union([Text, z.array(Text).min(1)]).transform((it) => [it].flat());
const Checked = z.strictObject({
  claim: Text,
  by: z.enum(["test", "other"]),
  where: Where,
  why: Text.optional(),
});
const Unchecked = z.strictObject({ claim: Text, by: z.enum(["person", "nothing"]), why: Text });
const Sections = z.record(Text, z.array(z.union([Checked, Unchecked])).min(1));

function parseLedger(file: string): ClaimLedger {
  const system = file.replace(/^.*\/(.*)\.yaml$/, "$1");
  const endToEnd = `tests/systems/${system}.engine.test.ts`;
  const parsed = Sections.safeParse(parse(readFileSync(join(CHECKOUT, file), "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const claims = Object.entries(parsed.data).flatMap(([section, entries]) =>
    entries.map((entry) => ({
      section,
      claim: entry.claim,
      by: entry.by,
      places: "where" in entry ? entry.where.map((text) => placeOf(text, endToEnd)) : [],
      why: entry.why ?? "",
    })),
  );
  return { system, file, endToEnd, claims };
}

/** `<file>: <title>`; a title alone is one of the system's own end-to-end tests. */
function placeOf(text: string, endToEnd: string): TestLocation {
  const [, file = endToEnd, rest = text] = /^(\S+\.(?:ts|yaml)): (.+)$/.exec(text) ?? [];
  return { file, text: rest };
}
