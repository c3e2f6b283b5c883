import { expect, test } from "vitest";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import { jobContext } from "../../../testing/job-context.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { keepaliveTarget, work as keepAwake } from "./work.ts";

const EXTERNAL = { RENDER_EXTERNAL_URL: "https://bot.example.com/", PORT: "10000" };

test.each([
  [{ ...EXTERNAL, KEEPALIVE_URL: "https://a.example.com/x" }, {}, "https://a.example.com/x"],
  [EXTERNAL, {}, "https://bot.example.com/keepalive"],
  [{ ...EXTERNAL, KEEPALIVE_PATH: "/ping" }, { path: "/other" }, "https://bot.example.com/ping"],
  [{ PORT: "10000" }, { path: "/other" }, "http://127.0.0.1:10000/other"],
])(
  "KEEPALIVE_URL wins over RENDER_EXTERNAL_URL with the path, and that over PORT: %o",
  (env, options, url) => {
    expect(keepaliveTarget({ env }, options).url.href).toBe(url);
  },
);

test("without an address it is a configuration error that names the variable", () => {
  expect(() => keepaliveTarget({ env: {} }, {})).toThrow(
    "KEEPALIVE_URL: is not set, and neither is the address of the service.",
  );
});

/** A run of a job with an interval, for a server with this answer. */
async function scene(answer: TestAnswer, everySeconds = 60) {
  const server = await startHttpServer(() => answer);
  const { process } = await scratchProcess({
    jobs: [
      {
        name: "awake",
        uses: "keepalive",
        schedule: { everySeconds, timezone: "UTC" },
        options: {},
      },
    ],
  });
  const env = { KEEPALIVE_URL: `${server.url}/keepalive` };
  return { server, context: jobContext({ directory: "/", job: "awake", env, process }) };
}

test("it is late by at most ten percent of its interval, and not at all by hand", async () => {
  const { server, context } = await scene({ body: "ok" });

  const scheduled = await keepAwake(context, () => 0.01);
  const byHand = await keepAwake({ ...context, actor: "manual ana" }, () => 1);

  expect(scheduled.details).toMatchObject({ httpStatus: 200, from: "KEEPALIVE_URL", jitterMs: 60 });
  expect(byHand.details).toMatchObject({ jitterMs: 0 });
  expect(server.seen).toHaveLength(2);
});

test("an interval of less than a minute is refused", async () => {
  const { context } = await scene({}, 59);

  await expect(keepAwake(context)).rejects.toThrow(
    "jobs/awake/schedule: has an interval of 59 s. Use an interval of at least 60 s.",
  );
});

test("a bad answer is a temporary failure without the URL", async () => {
  const { context } = await scene({ status: 502 });

  await expect(keepAwake({ ...context, actor: "manual ana" })).rejects.toMatchObject({
    message: "the page answered with HTTP 502",
    exitCode: 75,
  });
});
