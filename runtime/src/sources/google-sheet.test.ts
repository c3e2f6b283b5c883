import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { jwtVerify } from "jose";
import { expect, test } from "vitest";
import { type SeenRequest, startHttpServer, type TestAnswer } from "../../testing/http-server.ts";
import { readSource } from "./source.ts";
import type { SourceOptions } from "./source-reading.ts";

const SOURCE = {
  kind: "sheet",
  sheetEnv: "SHEET_ID",
  range: "Feature Toggles!A:B",
  credentialsEnv: "GSPREAD_CREDENTIALS",
  baseUrlEnv: "SHEETS_URL",
} as const;

const VALUES = { values: [["feature_name", "enabled"], ["reports", "TRUE"], ["reminders"]] };

test("a sheet's rows are read with a token for which its service account signs", async () => {
  const google = await startGoogle(() => ({ body: VALUES }));

  const rows = await readSource(SOURCE, google.deps);

  expect(rows).toEqual([
    { feature_name: "reports", enabled: "TRUE" },
    { feature_name: "reminders", enabled: "" },
  ]);
  const [tokenRequest, read] = google.seen;
  const form = new URLSearchParams(tokenRequest?.body);
  expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
  const signed = await jwtVerify(form.get("assertion") ?? "", google.publicKey, {
    algorithms: ["RS256"],
    issuer: "reader@example.com",
    audience: `${google.url}/token`,
  });
  expect(signed.payload["scope"]).toBe("https://www.googleapis.com/auth/spreadsheets.readonly");
  expect(read?.url).toBe("/v4/spreadsheets/sheet%2F1/values/Feature%20Toggles!A%3AB");
  expect(read?.headers["authorization"]).toBe("Bearer token-1");
});

test("a token is used until it ends, and then made again", async () => {
  const google = await startGoogle(() => ({ body: VALUES }));
  let now = Date.now();
  const given = { ...google.deps, clock: { now: () => new Date(now) } };

  await readSource(SOURCE, given);
  await readSource(SOURCE, given);
  expect(google.tokens()).toBe(1);

  now += 3600 * 1000;
  await readSource(SOURCE, given);
  expect(google.tokens()).toBe(2);
});

test("a token that is refused before its time is made once more, and not for ever", async () => {
  const revoked = await startGoogle(({ headers }) =>
    headers["authorization"] === "Bearer token-1" ? { status: 401 } : { body: VALUES },
  );
  expect(await readSource(SOURCE, revoked.deps)).toHaveLength(2);
  expect(revoked.tokens()).toBe(2);

  const locked = await startGoogle(() => ({ status: 401 }));
  await expect(readSource(SOURCE, locked.deps)).rejects.toThrow(
    "sheet of SHEET_ID, Feature Toggles!A:B: HTTP 401.",
  );
  expect(locked.tokens()).toBe(2);
});

test("a quota or a broken server is asked again a few times and then told", async () => {
  const answers: TestAnswer[] = [
    { status: 429, headers: { "retry-after": "0" } },
    { status: 503 },
    { body: VALUES },
  ];
  const busy = await startGoogle(() => answers.shift() ?? { status: 500 });
  expect(await readSource(SOURCE, busy.deps)).toHaveLength(2);

  const broken = await startGoogle(() => ({ status: 503, body: "token-1" }));
  await expect(readSource(SOURCE, broken.deps)).rejects.toThrow(
    /^sheet of SHEET_ID, Feature Toggles!A:B: HTTP 503\.$/,
  );
  expect(broken.seen.filter(({ url }) => url !== "/token")).toHaveLength(3);
});

test("each refusal says what to do, and no message holds a credential", async () => {
  for (const [status, remedy] of [
    [400, "Check that the sheet has this tab."],
    [403, "Share the sheet with the service account."],
    [404, "Check the sheet's id."],
  ] as const) {
    const google = await startGoogle(() => ({ status, body: "token-1" }));
    await expect(readSource(SOURCE, google.deps)).rejects.toThrow(`HTTP ${status}. ${remedy}`);
  }

  const google = await startGoogle(() => ({ body: VALUES }));
  const wrong = { ...google.deps.env, GSPREAD_CREDENTIALS: '{"private_key":"hunter2"}' };
  await expect(readSource(SOURCE, { ...google.deps, env: wrong })).rejects.toThrow(
    "the credentials have no valid client_email. Use the JSON file of a service account",
  );
  const notPem = { ...google.account, private_key: "hunter2" };
  const env = { ...google.deps.env, GSPREAD_CREDENTIALS: JSON.stringify(notPem) };
  await expect(readSource(SOURCE, { ...google.deps, env })).rejects.toThrow(
    /private_key of the credentials is not a PKCS #8 key\.$/,
  );
});

test("a key whose line ends became two characters in an env file works", async () => {
  const google = await startGoogle(() => ({ body: VALUES }));
  const key = google.account.private_key.replaceAll("\n", String.raw`\n`);
  const account = JSON.stringify({ ...google.account, private_key: key });

  const env = { ...google.deps.env, GSPREAD_CREDENTIALS: account };
  expect(await readSource(SOURCE, { ...google.deps, env })).toHaveLength(2);
});

test("a token endpoint that refuses is told by its status", async () => {
  const google = await startGoogle(() => ({ body: VALUES }), { tokenStatus: 400 });

  await expect(readSource(SOURCE, google.deps)).rejects.toThrow(
    "the token endpoint answered HTTP 400. Check that the service account's key is valid",
  );
});

/** What Google answers, on loopback: tokens `token-1`, `token-2`… for an hour, and the values. */
async function startGoogle(
  values: (request: SeenRequest) => TestAnswer,
  { tokenStatus = 200 }: { tokenStatus?: number } = {},
) {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  let tokens = 0;
  const server = await startHttpServer((request) => {
    if (request.url !== "/token") return values(request);
    tokens += 1;
    return { status: tokenStatus, body: { access_token: `token-${tokens}`, expires_in: 3600 } };
  });
  const account = {
    type: "service_account",
    client_email: "reader@example.com",
    private_key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    token_uri: `${server.url}/token`,
  };
  const env = {
    SHEET_ID: "sheet/1",
    GSPREAD_CREDENTIALS: JSON.stringify(account),
    SHEETS_URL: server.url,
  };
  const deps: SourceOptions = { env, directory: ".", retryMs: 1 };
  const publicKey = createPublicKey(pair.publicKey.export({ type: "spki", format: "pem" }));
  return { ...server, account, deps, publicKey, tokens: () => tokens };
}
