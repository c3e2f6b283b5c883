import type { z } from "zod";
import { HostProvider } from "../../resources/host/provider.ts";
import { servePlugin } from "../kit/serve.ts";
import { PLUGIN_VERSION } from "../version.ts";
import { HostConnection } from "./connection.ts";
import { HOST_TYPES } from "./resource-types.ts";

type HostConfig = z.infer<(typeof HostProvider)["inputs"]>;

await servePlugin<HostConnection>({
  provider: HostProvider,
  version: PLUGIN_VERSION,
  configure: (config) => new HostConnection(HostProvider.inputs.parse(config) satisfies HostConfig),
  resources: HOST_TYPES,
});
