import * as z from "zod/mini";
import type { ManifestSource } from "../contract/source.ts";
import { parseJson } from "./file-source.ts";
import { boundedText } from "./http-source.ts";
import { patientRequest } from "./patient-request.ts";
import { nowOf, type SourceReading } from "./source-deps.ts";
import { SourceError } from "./source-error.ts";

/** What is used of the JSON that Google hands out for a service account. */
const ServiceAccount = z.object({
  client_email: z.string().check(z.minLength(1)),
  private_key: z.string().check(z.minLength(1)),
  token_uri: z.prefault(z.url(), "https://oauth2.googleapis.com/token"),
});

const TokenAnswer = z.object({
  access_token: z.string().check(z.minLength(1)),
  expires_in: z.number(),
});

/** Reading is all that a source does. @see https://developers.google.com/workspace/sheets/api/scopes */
const SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly";

/** How a signed assertion is traded for a token. @see https://datatracker.ietf.org/doc/html/rfc7523 section 2.1 */
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Longest life that Google accepts of an assertion. @see https://developers.google.com/identity/protocols/oauth2/service-account */
const ASSERTION_SECONDS = 3600;

/** A token is renewed so long before it ends, so that none ends on its way. */
const MARGIN_MS = 60_000;

interface Token {
  readonly text: string;
  readonly endsAt: number;
}

/** Tokens by the credentials that they were made from; the process reads with very few of them. */
const TOKENS = new Map<string, Promise<Token>>();

/** A token of the service account: the last one until it ends. */
export async function googleToken(
  source: ManifestSource,
  credentials: string,
  reading: SourceReading,
): Promise<string> {
  const known = await TOKENS.get(credentials)?.catch(() => undefined);
  const now = nowOf(reading);
  if (known && known.endsAt - MARGIN_MS > now) return known.text;
  const made = makeToken(source, credentials, reading);
  TOKENS.set(credentials, made);
  return (await made).text;
}

/** Forgets a token that was refused before its time. */
export function forgetGoogleToken(credentials: string): void {
  TOKENS.delete(credentials);
}

async function makeToken(
  source: ManifestSource,
  credentials: string,
  reading: SourceReading,
): Promise<Token> {
  const account = serviceAccount(source, credentials);
  const now = nowOf(reading);
  const body = new URLSearchParams({
    grant_type: GRANT,
    assertion: await assertion(source, account, Math.floor(now / 1000)),
  });
  const answer = await patientRequest(
    source,
    { url: account.token_uri, method: "POST", body },
    reading,
  );
  if (!answer.ok) {
    const remedy = "Look whether the service account's key is still valid, and at the clock.";
    throw new SourceError(source, `the token endpoint said HTTP ${answer.status}`, remedy);
  }
  const token = TokenAnswer.safeParse(parseJson(source, await boundedText(source, answer)));
  if (!token.success) throw new SourceError(source, "the token endpoint gave no token");
  return { text: token.data.access_token, endsAt: now + token.data.expires_in * 1000 };
}

function serviceAccount(
  source: ManifestSource,
  credentials: string,
): z.infer<typeof ServiceAccount> {
  const account = ServiceAccount.safeParse(parseJson(source, credentials));
  if (account.success) return account.data;
  const keys = account.error.issues.map((issue) => issue.path.join("/")).join(", ");
  const remedy = "Give the JSON file of a service account as it was downloaded.";
  throw new SourceError(source, `the credentials have no good ${keys}`, remedy);
}

async function assertion(
  source: ManifestSource,
  account: z.infer<typeof ServiceAccount>,
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
