import { expect, test } from "vitest";
import { JobFailure } from "../../job-definition.ts";
import { startHttpServer, type TestAnswer } from "../../testing/http-server.ts";
import { jobContext } from "../../testing/job-context.ts";
import { callUrl } from "./work.ts";

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

  expect(error).toMatchObject({ message: "GET was not answered: it took too long", exitCode: 75 });
});

test("a variable that is not set is a configuration error that names it", async () => {
  const context = jobContext({ directory: "/", options: { urlEnv: "TARGET_URL" } });

  await expect(callUrl(context)).rejects.toThrow("TARGET_URL: is not set.");
});
