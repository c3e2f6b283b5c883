import { expect, test } from "vitest";
import { FIXTURES } from "../../testing/render-fixtures.ts";
import { RenderInProcess, up } from "../../testing/render-in-process.ts";
import { makePrerequisites } from "../../testing/render-prerequisites.ts";
import { Secret } from "../kit/property-tree.ts";
import { RENDER_TYPES } from "./resource-types.ts";

const VALUE = "canary-5f2a-value";

async function sceneOf() {
  const type = RENDER_TYPES.find(({ contract }) => contract.token === "render:index:WebService");
  const fixture = FIXTURES.find((it) => it.name === "WebService");
  if (!type || !fixture) throw new Error("unreachable: there is no WebService");
  const render = new RenderInProcess();
  const urn = "urn:pulumi:test::opspec::render:index:WebService::thing";
  const subject = { type, urn, render };
  const first = fixture.first(await makePrerequisites(render));
  const { state, error } = await up(subject, undefined, first);
  if (!state) throw error;
  return { render, subject, state, wanted: { ...first, env: { TOKEN: new Secret(VALUE) } } };
}

test("a refusal that echoes a value and the API key shows neither", async () => {
  const { render, subject, state, wanted } = await sceneOf();
  render.intercept = (call, init) =>
    call.includes("/env-vars/TOKEN")
      ? Response.json(
          { message: `bad ${String(init.body)} for ${RenderInProcess.KEY}` },
          { status: 400 },
        )
      : undefined;

  const { error } = await up(subject, state, wanted);

  expect(error).toMatchObject({
    message: expect.stringContaining(`bad {"value":"[secret]"} for [secret]`) as string,
    rpc: { details: expect.not.stringContaining(VALUE) as string },
    cause: { message: expect.not.stringContaining(VALUE) as string },
  });
});

test("a build log that prints the environment shows no value in the error", async () => {
  const { render, subject, state, wanted } = await sceneOf();
  render.failDeploys(1);
  render.intercept = (call) =>
    call === "GET /logs"
      ? Response.json({ logs: [{ message: `TOKEN=${VALUE}` }], hasMore: false })
      : undefined;

  const { error } = await up(subject, state, wanted);

  expect(String(error)).toContain("TOKEN=[secret]");
  expect(error).toMatchObject({
    rpc: { details: expect.not.stringContaining(VALUE) as string },
    cause: { message: expect.not.stringContaining(VALUE) as string },
  });
});
