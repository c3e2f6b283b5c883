import { expect, test } from "vitest";
import { JobFailure } from "../definition.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import { jobContext } from "../../../testing/job-context.ts";
import { work as callUrl } from "./work.ts";

async function called(answer: TestAnswer, options: Record<string, unknown> = {}) {
  const server = await startHttpServer(() => answer);
  const env = { TARGET_URL: `${server.url}/run`, CALL_TOKEN: "a-token" };
  const context = jobContext({
    directory: "/",
    env,
    options: { urlEnv: "TARGET_URL", ...options },
  });
  return { seen: server.seen, outcome: callUrl(context) };
}

test("a good answer is a good run, and the token is sent", async () => {
  const { seen, outcome } = await called(
    { status: 204 },
    { method: "POST", tokenEnv: "CALL_TOKEN" },
  );

  expect(await outcome).toEqual({ status: "ok", details: { httpStatus: 204 } });
  expect(seen).toMatchObject([
    { method: "POST", url: "/run", headers: { authorization: "Bearer a-token" } },
  ]);
});

test("the token goes into the header that the options name", async () => {
  const { seen, outcome } = await called(
    {},
    { tokenEnv: "CALL_TOKEN", tokenHeader: "x-internal-key" },
  );

  await outcome;
  expect(seen).toMatchObject([{ headers: { "x-internal-key": "a-token" } }]);
  expect(seen[0]?.headers).not.toHaveProperty("authorization");
});

test.each([
  [503, 75],
  [429, 75],
  [404, undefined],
])("an answer of %i is a failure with the exit code %s", async (status, exitCode) => {
  const { outcome } = await called({ status, body: "because" });

  const error = await outcome.catch((it: unknown) => it);

  expect(error).toBeInstanceOf(JobFailure);
  expect(error).toMatchObject({ exitCode, details: { httpStatus: status, body: "because" } });
});

test("another status than the declared one is a failure", async () => {
  await expect((await called({ status: 200 }, { status: 204 })).outcome).rejects.toThrow(
    "GET was answered with HTTP 200",
  );
});

test("a server that does not answer in time is a temporary failure without its address", async () => {
  const { outcome } = await called("hang", { timeoutSeconds: 1 });

  const error = await outcome.catch((it: unknown) => it);

  expect(error).toMatchObject({ message: "GET was not answered: timed out", exitCode: 75 });
});

test("a variable that is not set is a configuration error that names it", async () => {
  const context = jobContext({ directory: "/", options: { urlEnv: "TARGET_URL" } });

  await expect(callUrl(context)).rejects.toThrow("TARGET_URL: is not set.");
});

test.each([
  ["nothing", "TARGET_URL: is not an HTTP URL."],
  ["file:///etc/passwd", "TARGET_URL: is not an HTTP URL."],
  [
    "https://me:hidden@example.com/",
    "TARGET_URL: contains a user or a password, which is not sent.",
  ],
])("%s is a configuration error, also in a dry run, and not repeated", async (url, message) => {
  const given = { directory: "/", env: { TARGET_URL: url }, options: { urlEnv: "TARGET_URL" } };

  for (const dryRun of [false, true]) {
    const error = await callUrl(jobContext({ ...given, dryRun })).catch((it: unknown) => it);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain("hidden");
  }
});

test("a redirect is a bad answer: it is not followed, so the token stays where it was meant for", async () => {
  const other = await startHttpServer(() => ({ status: 200 }));
  const { outcome } = await called(
    { status: 307, headers: { location: other.url } },
    { method: "POST", tokenEnv: "CALL_TOKEN", tokenHeader: "x-internal-key" },
  );

  await expect(outcome).rejects.toThrow(
    "POST was answered with HTTP 307, a redirect. Use the URL to which it leads.",
  );
  expect(other.seen).toEqual([]);
});

test("a token that no header can carry is refused by its variable and not repeated", async () => {
  const env = { TARGET_URL: "http://127.0.0.1:1", CALL_TOKEN: "hidden\nhidden" };
  const options = { urlEnv: "TARGET_URL", tokenEnv: "CALL_TOKEN" };

  const error = await callUrl(jobContext({ directory: "/", env, options })).catch(String);

  expect(error).toContain("CALL_TOKEN: contains characters that a header cannot contain.");
  expect(error).not.toContain("hidden");
});
