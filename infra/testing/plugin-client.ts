import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import { decode, encode, type TreeObject } from "../provider/kit/property-tree.ts";

const BIN = fileURLToPath(new URL("../provider/bin/", import.meta.url));

/** A client of a plugin process that uses the engine's protocol. */
export interface PluginUnderTest {
  readonly process: ChildProcess;
  configure(config: TreeObject): Promise<void>;
  diffConfig(olds: TreeObject, news: TreeObject): Promise<void>;
  schema(): Promise<unknown>;
  check(
    urn: string,
    news: TreeObject,
    olds?: TreeObject,
  ): Promise<{ property: string; reason: string }[]>;
  diff(urn: string, olds: TreeObject, news: TreeObject): Promise<Record<string, string>>;
  create(
    urn: string,
    inputs: TreeObject,
    preview?: boolean,
  ): Promise<{ id: string; outputs: TreeObject }>;
  read(
    urn: string,
    id: string,
    known: { inputs: TreeObject; outputs: TreeObject },
  ): Promise<ReadState | undefined>;
  update(
    urn: string,
    id: string,
    change: { olds: TreeObject; news: TreeObject },
  ): Promise<TreeObject>;
  remove(
    urn: string,
    id: string,
    known: { inputs: TreeObject; outputs: TreeObject },
  ): Promise<void>;
  stop(): Promise<void>;
}

export interface ReadState {
  readonly inputs: TreeObject;
  readonly outputs: TreeObject;
}

/** Starts a plugin's executable and connects to the port that it prints, as the engine does. */
export async function startPlugin(
  name: string,
  env: NodeJS.ProcessEnv = {},
): Promise<PluginUnderTest> {
  const child = spawn(`${BIN}pulumi-resource-${name}`, [], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const client = new providerGrpc.ResourceProviderClient(
    `127.0.0.1:${line}`,
    credentials.createInsecure(),
  );
  return { process: child, ...callsOf(client), stop: () => stop(child, client) };
}

async function stop(child: ChildProcess, client: { close(): void }): Promise<void> {
  client.close();
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

type Calls = Omit<PluginUnderTest, "process" | "stop">;

function callsOf(client: providerGrpc.ResourceProviderClient): Calls {
  return { ...packageCalls(client), ...planningCalls(client), ...lifecycleCalls(client) };
}

function packageCalls(
  client: providerGrpc.ResourceProviderClient,
): Pick<Calls, "configure" | "diffConfig" | "schema"> {
  return {
    configure: async (config) => {
      const request = new providerPb.ConfigureRequest();
      request.setArgs(encode(config));
      await answerTo((done) => client.configure(request, done));
    },
    diffConfig: async (olds, news) => {
      const request = new providerPb.DiffRequest();
      request.setOldInputs(encode(olds));
      request.setNews(encode(news));
      await answerTo((done) => client.diffConfig(request, done));
    },
    schema: async () => {
      const request = new providerPb.GetSchemaRequest();
      const response = await answerTo<providerPb.GetSchemaResponse>((done) =>
        client.getSchema(request, done),
      );
      return JSON.parse(response.getSchema()) as unknown;
    },
  };
}

function planningCalls(client: providerGrpc.ResourceProviderClient): Pick<Calls, "check" | "diff"> {
  return {
    check: async (urn, news, olds = {}) => {
      const request = new providerPb.CheckRequest();
      request.setUrn(urn);
      request.setOlds(encode(olds));
      request.setNews(encode(news));
      const response = await answerTo<providerPb.CheckResponse>((done) =>
        client.check(request, done),
      );
      return response
        .getFailuresList()
        .map((it) => ({ property: it.getProperty(), reason: it.getReason() }));
    },
    diff: async (urn, olds, news) => {
      const request = new providerPb.DiffRequest();
      request.setUrn(urn);
      request.setOldInputs(encode(olds));
      request.setNews(encode(news));
      return detailOf(
        await answerTo<providerPb.DiffResponse>((done) => client.diff(request, done)),
      );
    },
  };
}

function lifecycleCalls(
  client: providerGrpc.ResourceProviderClient,
): Pick<Calls, "create" | "read" | "update" | "remove"> {
  return {
    create: async (urn, inputs, preview = false) => {
      const request = new providerPb.CreateRequest();
      request.setUrn(urn);
      request.setProperties(encode(inputs));
      request.setPreview(preview);
      const response = await answerTo<providerPb.CreateResponse>((done) =>
        client.create(request, done),
      );
      return { id: response.getId(), outputs: decode(response.getProperties()) };
    },
    read: async (urn, id, { inputs, outputs }) => {
      const request = new providerPb.ReadRequest();
      request.setUrn(urn);
      request.setId(id);
      request.setInputs(encode(inputs));
      request.setProperties(encode(outputs));
      const response = await answerTo<providerPb.ReadResponse>((done) =>
        client.read(request, done),
      );
      if (response.getId() === "") return undefined;
      return { inputs: decode(response.getInputs()), outputs: decode(response.getProperties()) };
    },
    update: async (urn, id, { olds, news }) => {
      const request = new providerPb.UpdateRequest();
      request.setUrn(urn);
      request.setId(id);
      request.setOldInputs(encode(olds));
      request.setNews(encode(news));
      const response = await answerTo<providerPb.UpdateResponse>((done) =>
        client.update(request, done),
      );
      return decode(response.getProperties());
    },
    remove: async (urn, id, { inputs, outputs }) => {
      const request = new providerPb.DeleteRequest();
      request.setUrn(urn);
      request.setId(id);
      request.setOldInputs(encode(inputs));
      request.setProperties(encode(outputs));
      await answerTo((done) => client.delete(request, done));
    },
  };
}

type Done<Response> = (error: ServiceError | null, response: Response) => void;

function answerTo<Response>(call: (done: Done<Response>) => unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => (error ? reject(error) : resolve(response)));
  });
}

const KINDS = [
  "add",
  "add-replace",
  "delete",
  "delete-replace",
  "update",
  "update-replace",
] as const;

function detailOf(response: providerPb.DiffResponse): Record<string, string> {
  const entries: [string, string][] = [];
  response
    .getDetaileddiffMap()
    .forEach((it, path) => entries.push([path, KINDS[it.getKind()] ?? "?"]));
  return Object.fromEntries(entries);
}
