import * as z from "zod/mini";
import type { ManifestSource } from "../contract/source.ts";
import { parseJson } from "./file-source.ts";
import { forgetGoogleToken, googleToken } from "./google-token.ts";
import { boundedText } from "./http-source.ts";
import { patientRequest } from "./patient-request.ts";
import type { Row } from "./row.ts";
import type { SourceReading } from "./source-deps.ts";
import { SourceError, sourceVariable } from "./source-error.ts";

type SheetSource = Extract<ManifestSource, { kind: "sheet" }>;

const GOOGLE_SHEETS = "https://sheets.googleapis.com";

/** @see https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values#ValueRange */
const ValueRange = z.object({ values: z.prefault(z.array(z.array(z.unknown())), []) });

/** Rows of a Google Sheet, whose first row names the columns, as text that a reader of the sheet sees. */
export async function readSheetRows(source: SheetSource, reading: SourceReading): Promise<Row[]> {
  const answer = await askTwice(source, reading);
  if (!answer.ok) {
    throw new SourceError(source, `HTTP ${answer.status}`, REMEDIES[answer.status]);
  }
  const range = ValueRange.safeParse(parseJson(source, await boundedText(source, answer)));
  if (!range.success) throw new SourceError(source, "the answer is not a range of values");
  const [header = [], ...rows] = range.data.values;
  return rows.map((cells) => rowOf(header.map(String), cells));
}

const REMEDIES: Readonly<Record<number, string>> = {
  400: "Look whether the sheet has such a tab.",
  403: "Share the sheet with the service account.",
  404: "Look whether the sheet's id is right.",
};

/** A token that is refused before its time is made once more: an administrator may have revoked it. */
async function askTwice(source: SheetSource, reading: SourceReading): Promise<Response> {
  const answer = await ask(source, reading);
  if (answer.status !== 401) return answer;
  await answer.body?.cancel();
  forgetGoogleToken(sourceVariable(source, source.credentialsEnv, reading.env));
  return ask(source, reading);
}

async function ask(source: SheetSource, reading: SourceReading): Promise<Response> {
  const sheet = sourceVariable(source, source.sheetEnv, reading.env);
  const credentials = sourceVariable(source, source.credentialsEnv, reading.env);
  const base = (source.baseUrlEnv && reading.env[source.baseUrlEnv]) || GOOGLE_SHEETS;
  const token = await googleToken(source, credentials, reading);
  const path = `/v4/spreadsheets/${encodeURIComponent(sheet)}/values/${encodeURIComponent(source.range)}`;
  const headers = { authorization: `Bearer ${token}` };
  return patientRequest(source, { url: new URL(path, base).href, headers }, reading);
}

/** Cells at the end of a row that are empty are left out by Google; columns without a name are left out here. */
function rowOf(columns: readonly string[], cells: readonly unknown[]): Row {
  const named = columns.flatMap((column, index): [string, unknown][] =>
    column.trim() === "" ? [] : [[column.trim(), cells[index] ?? ""]],
  );
  return Object.fromEntries(named);
}
