import type { sendUnaryData } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { expect, test, vi } from "vitest";
import type * as yaml from "yaml";
import type { modelStack } from "../infra/model/model.ts";
import { program } from "../infra/program.ts";
import { Secret, type TreeObject } from "../infra/provider/kit/property-tree.ts";
import { providerService } from "../infra/provider/kit/provider-service.ts";
import { RenderClient } from "../infra/provider/render/client.ts";
import { RENDER_TYPES } from "../infra/provider/render/resource-types.ts";
import { RenderProvider } from "../infra/resources/render/provider.ts";
import type { LoadedSpec, loadStackSpec } from "../infra/spec/parse.ts";
import { RenderInProcess } from "../infra/testing/render-in-process.ts";
import { filesInContributing, filesOnStack } from "./walk.ts";

/** Maximum number of files that a secret passes from YAML to Render's request. */
const FILES_MAX = 25;

const STACK = "vega-cockpit";
const NAME = "SENDGRID_API_KEY";
const VALUE = "SG.walk-5f2a-value";

const walk = vi.hoisted(() => ({
  /** The files of the product that the secret has passed so far, in order. */
  files: new Set<string>(),
  /** Number of wraps in the program, and of unwraps in each call of the plugin. */
  wraps: 0,
  opens: {} as Record<string, number>,
  record: (): void => undefined,
}));

/** Records the product's files on the call stack, outermost caller first. */
walk.record = () => {
  const files = filesOnStack(/^infra\/(?!testing|local-cloud)/);
  // Rules and the manifest read only the name of the secret.
  if (files.some((file) => /^infra\/model\/(validate|manifest)/.test(file))) return;
  for (const file of files) walk.files.add(file);
};

vi.mock("yaml", async (importActual) => {
  const actual = await importActual<typeof yaml>();
  return {
    ...actual,
    parseDocument: (...args: Parameters<typeof actual.parseDocument>) => {
      walk.record();
      return actual.parseDocument(...args);
    },
  };
});

vi.mock("../infra/spec/parse.ts", async (importActual) => {
  const actual = await importActual<{ loadStackSpec: typeof loadStackSpec }>();
  return {
    ...actual,
    loadStackSpec: (...args: Parameters<typeof loadStackSpec>): LoadedSpec => {
      const loaded = actual.loadStackSpec(...args);
      watchReference(Object.values(loaded.spec?.services ?? {})[0]?.env);
      return loaded;
    },
  };
});

vi.mock("../infra/model/model.ts", async (importActual) => {
  const actual = await importActual<{ modelStack: typeof modelStack }>();
  return {
    ...actual,
    modelStack: (...args: Parameters<typeof modelStack>) => {
      const modelled = actual.modelStack(...args);
      watchReference(modelled.model?.services[0]?.env);
      return modelled;
    },
  };
});

vi.mock("@pulumi/pulumi", async (importActual) => {
  const actual = await importActual<typeof pulumi>();
  return {
    ...actual,
    secret: (value: unknown) => {
      if (value === VALUE) {
        walk.wraps += 1;
        walk.record();
      }
      return actual.secret(value);
    },
    CustomResource: class extends actual.CustomResource {
      constructor(...args: ConstructorParameters<typeof actual.CustomResource>) {
        if (args[0] === "render:index:WebService") walk.record();
        super(...args);
      }
    },
  };
});

/** Records the readers of a variable's secret. */
function watchReference(env: object | undefined): void {
  const values: unknown[] = Object.values(env ?? {});
  const value = values.find(
    (it): it is object =>
      typeof it === "object" && it !== null && "secret" in it && it.secret === NAME,
  );
  if (value === undefined) throw new Error(`unreachable: no variable takes ${NAME}`);
  Object.defineProperty(value, "secret", { enumerable: true, get: askName });
}

function askName(): string {
  walk.record();
  return NAME;
}

test("a secret passes at most 25 files from YAML to Render's request", async () => {
  const inputs = await registeredInputs();

  const body = await createBody(inputs);

  expect(JSON.stringify(body)).toContain(VALUE);
  expect([...walk.files]).toEqual(filesInContributing("The walk of a secret"));
  expect(walk.files.size).toBeLessThanOrEqual(FILES_MAX);
  expect({ wraps: walk.wraps, opens: walk.opens }).toEqual({
    wraps: 1,
    opens: { check: 1, create: 1 },
  });
});

/** The registered inputs of the web service, with its secrets in the engine's form. */
async function registeredInputs(): Promise<TreeObject> {
  const registered = Promise.withResolvers<TreeObject>();
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      if (type === "render:index:WebService") registered.resolve(inputs as TreeObject);
      return { id: `${name}-id`, state: inputs as object };
    },
    call: () => ({}),
  });
  const environment = Object.defineProperty<Record<string, string>>({}, NAME, { get: askValue });
  program(STACK, { environment, placeholder: (name) => `placeholder-${name}` });
  return registered.promise;
}

function askValue(): string {
  walk.record();
  return VALUE;
}

/** The body of the plugin's create request. */
async function createBody(inputs: TreeObject): Promise<unknown> {
  const render = new RenderInProcess();
  let body: unknown;
  render.intercept = (call, init) => {
    if (call === "POST /services") {
      walk.record();
      body = JSON.parse(String(init.body));
    }
    return undefined;
  };
  const ask = pluginOf(render);
  await ask("configure", new providerPb.ConfigureRequest());
  watchObjects();
  const check = new providerPb.CheckRequest();
  check.setUrn("urn:pulumi:test::opspec::render:index:WebService::web");
  check.setNews(structPb.Struct.fromJavaScript({ ...inputs } as never));
  const checked = await ask<providerPb.CheckResponse>("check", check);
  const create = new providerPb.CreateRequest();
  create.setUrn(check.getUrn());
  create.setProperties(checked.getInputs());
  await ask("create", create);
  return body;
}

/** The plugin's service, called without a socket. */
function pluginOf(render: RenderInProcess) {
  const service = providerService(
    {
      provider: RenderProvider,
      version: "0.0.0",
      configure: () => render.newClient(),
      resources: RENDER_TYPES,
    },
    {
      log: { progress: () => undefined, notice: () => undefined, error: async () => undefined },
      attach: () => undefined,
    },
  );
  const { open } = Secret.prototype;
  let method = "";
  vi.spyOn(Secret.prototype, "open").mockImplementation(function (this: Secret) {
    walk.opens[method] = (walk.opens[method] ?? 0) + 1;
    walk.record();
    return open.call(this);
  });
  const { list } = RenderClient.prototype;
  vi.spyOn(RenderClient.prototype, "list").mockImplementation(function (
    this: RenderClient,
    ...args
  ) {
    walk.record();
    return list.apply(this, args);
  });
  return <Response>(name: string, request: unknown): Promise<Response> => {
    method = name;
    return new Promise((resolve, reject) => {
      const done: sendUnaryData<Response> = (error, response) =>
        error || !response ? reject(error ?? new Error("no answer")) : resolve(response);
      const handler = service[name] as unknown as (call: object, callback: typeof done) => void;
      handler({ request }, done);
    });
  };
}

/** Records the files that decode the properties and read the object with the value. */
function watchObjects(): void {
  const { toJavaScript } = structPb.Struct.prototype;
  vi.spyOn(structPb.Struct.prototype, "toJavaScript").mockImplementation(function (
    this: structPb.Struct,
  ) {
    walk.record();
    return toJavaScript.call(this);
  });
  const { entries } = Object;
  vi.spyOn(Object, "entries").mockImplementation((value: object) => {
    const pairs = entries(value) as [string, unknown][];
    if (pairs.some(([, it]) => it === VALUE)) walk.record();
    return pairs;
  });
}
