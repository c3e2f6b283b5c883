import * as z from "zod/mini";
import type { ManifestSource } from "../contract/source.ts";
import { parseJson } from "./file-source.ts";
import { boundedText, requestWithRetry } from "./http-source.ts";
import {
  nowOf,
  type Row,
  SourceError,
  type SourceReading,
  sourceVariable,
} from "./source-reading.ts";

type SheetSource = Extract<ManifestSource, { kind: "sheet" }>;

const GOOGLE_SHEETS = "https://sheets.googleapis.com";

/** @see https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values#ValueRange */
const ValueRange = z.object({ values: z.prefault(z.array(z.array(z.unknown())), []) });

const REMEDIES: Readonly<Record<number, string>> = {
  400: "Check that the sheet has this tab.",
  403: "Share the sheet with the service account.",
  404: "Check the sheet's id.",
};

/** Rows of a Google Sheet. The first row names the columns; a value is the text that the sheet shows. */
export async function readSheetRows(source: SheetSource, reading: SourceReading): Promise<Row[]> {
  const answer = await ask(source, reading);
  if (!answer.ok) {
    throw new SourceError(source, `HTTP ${answer.status}`, REMEDIES[answer.status]);
  }
  const range = ValueRange.safeParse(parseJson(source, await boundedText(source, answer)));
  if (!range.success) throw new SourceError(source, "the answer is not a range of values");
  const [header = [], ...rows] = range.data.values;
  return rows.map((cells) => rowOf(header.map(String), cells));
}

/** Google leaves out empty cells at the end of a row. A column without a name is left out here. */
function rowOf(columns: readonly string[], cells: readonly unknown[]): Row {
  const named = columns.flatMap((column, index): [string, unknown][] =>
    column.trim() === "" ? [] : [[column.trim(), cells[index] ?? ""]],
  );
  return Object.fromEntries(named);
}

/** Asks again with a new token after 401: an administrator may have revoked the old one. */
async function ask(source: SheetSource, reading: SourceReading): Promise<Response> {
  const credentials = sourceVariable(source, source.credentialsEnv, reading.env);
  const sheet = sourceVariable(source, source.sheetEnv, reading.env);
  const base = (source.baseUrlEnv && reading.env[source.baseUrlEnv]) || GOOGLE_SHEETS;
  const path = `/v4/spreadsheets/${encodeURIComponent(sheet)}/values/${encodeURIComponent(source.range)}`;
  const url = new URL(path, base).href;
  const askOnce = async (): Promise<Response> => {
    const headers = { authorization: `Bearer ${await googleToken(source, credentials, reading)}` };
    return requestWithRetry(source, { url, headers }, reading);
  };
  const answer = await askOnce();
  if (answer.status !== 401) return answer;
  await answer.body?.cancel();
  TOKENS.delete(credentials);
  return askOnce();
}

/** The used fields of a service account's JSON file. */
const ServiceAccount = z.object({
  client_email: z.string().check(z.minLength(1)),
  private_key: z.string().check(z.minLength(1)),
  token_uri: z.prefault(z.url(), "https://oauth2.googleapis.com/token"),
});
type ServiceAccount = z.infer<typeof ServiceAccount>;

const TokenAnswer = z.object({
  access_token: z.string().check(z.minLength(1)),
  expires_in: z.number(),
});

/** A source only reads. @see https://developers.google.com/workspace/sheets/api/scopes */
const SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly";

/** Grant type that exchanges a signed assertion for a token. @see https://datatracker.ietf.org/doc/html/rfc7523 section 2.1 */
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Longest life that Google accepts for an assertion, in s. @see https://developers.google.com/identity/protocols/oauth2/service-account */
const ASSERTION_SECONDS = 3600;

/** A token is renewed this long before it ends, in ms, so that none ends during a request. */
const MARGIN_MS = 60_000;

interface Token {
  readonly text: string;
  readonly endsAt: number;
}

/** Tokens by their credentials. A process has very few credentials. */
const TOKENS = new Map<string, Promise<Token>>();

async function googleToken(
  source: SheetSource,
  credentials: string,
  reading: SourceReading,
): Promise<string> {
  const known = await TOKENS.get(credentials)?.catch(() => undefined);
  if (known && known.endsAt - MARGIN_MS > nowOf(reading)) return known.text;
  const made = requestToken(source, credentials, reading);
  TOKENS.set(credentials, made);
  return (await made).text;
}

async function requestToken(
  source: SheetSource,
  credentials: string,
  reading: SourceReading,
): Promise<Token> {
  const account = serviceAccount(source, credentials);
  const now = nowOf(reading);
  const body = new URLSearchParams({
    grant_type: GRANT,
    assertion: await assertion(source, account, Math.floor(now / 1000)),
  });
  const request = { url: account.token_uri, method: "POST", body } as const;
  const answer = await requestWithRetry(source, request, reading);
  if (!answer.ok) {
    const remedy = "Check that the service account's key is valid and that the clock is right.";
    throw new SourceError(source, `the token endpoint answered HTTP ${answer.status}`, remedy);
  }
  const token = TokenAnswer.safeParse(parseJson(source, await boundedText(source, answer)));
  if (!token.success) throw new SourceError(source, "the token endpoint gave no token");
  return { text: token.data.access_token, endsAt: now + token.data.expires_in * 1000 };
}

function serviceAccount(source: SheetSource, credentials: string): ServiceAccount {
  const account = ServiceAccount.safeParse(parseJson(source, credentials));
  if (account.success) return account.data;
  const keys = account.error.issues.map((issue) => issue.path.join("/")).join(", ");
  const remedy = "Use the JSON file of a service account as downloaded.";
  throw new SourceError(source, `the credentials have no valid ${keys}`, remedy);
}

async function assertion(
  source: SheetSource,
  account: ServiceAccount,
  nowSeconds: number,
): Promise<string> {
  const { importPKCS8, SignJWT } = await import("jose");
  // Dashboards and env files turn the key's line ends into the two characters \ and n.
  const pem = account.private_key.replaceAll(String.raw`\n`, "\n");
  const key = await importPKCS8(pem, "RS256").catch(() => {
    throw new SourceError(source, "the private_key of the credentials is not a PKCS #8 key");
  });
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(account.client_email)
    .setAudience(account.token_uri)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + ASSERTION_SECONDS)
    .sign(key);
}
