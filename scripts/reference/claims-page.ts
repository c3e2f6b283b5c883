import type { CheckedBy, Claim, ClaimLedger } from "./claim-ledger.ts";
import { renderTable } from "./markdown.ts";

/** The name of each way to check a claim: a column of the table and a heading. */
const WAYS: readonly (readonly [by: CheckedBy, column: string, heading: string])[] = [
  ["test", "tested", "Tested"],
  ["other", "elsewhere", "Checked elsewhere"],
  ["person", "a person", "Only a person can check"],
  ["nothing", "nothing", "Checked by nothing yet"],
];

/** The page that lists every claim of the runbooks with what checks it. */
export function renderClaimsPage(ledgers: readonly ClaimLedger[]): string {
  return `${[
    "<!-- Generated from the ledgers in tests/systems/claims by npm run generate. Changes made here are lost. -->",
    "# What checks the runbooks",
    "Every claim of the five runbooks, in our own words, with the tests that prove it. The end-to-end tests deploy the real stack to the local cloud and run it. A stand-in replaces each app, so a person must check what only the app itself does. A note beside a tested claim says what its tests do not prove. Claims that are checked elsewhere are rules of the spec or findings of `opspec verify`.",
    renderCounts(ledgers),
    ...ledgers.flatMap(renderSystem),
  ].join("\n\n")}\n`;
}

function renderCounts(ledgers: readonly ClaimLedger[]): string {
  const all = { system: "all", claims: ledgers.flatMap(({ claims }) => claims) };
  const rows = [...ledgers, all].map(({ system, claims }) => [
    system,
    String(claims.length),
    ...WAYS.map(([by]) => String(claims.filter((it) => it.by === by).length)),
    String(claims.filter(({ by, why }) => by === "test" && why !== "").length),
  ]);
  const columns = ["system", "claims", ...WAYS.map(([, column]) => column), "tested with a note"];
  return renderTable(columns, rows);
}

function renderSystem({ system, claims }: ClaimLedger): string[] {
  const parts = WAYS.flatMap(([by, , heading]) => {
    const found = claims.filter((it) => it.by === by);
    return found.length === 0 ? [] : [`### ${heading}`, renderClaims(found)];
  });
  return [`## ${system}`, ...parts];
}

function renderClaims(claims: readonly Claim[]): string {
  const rows = claims.map(({ section, claim, places, why }) => {
    const links = places.map(({ file, text }) => `[${text}](../${file})`);
    return [section, claim, links.join(" · "), why];
  });
  return renderTable(["section", "claim", "where", "note"], rows);
}
