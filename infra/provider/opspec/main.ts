import { OpspecProvider } from "../../resources/opspec/generated-secret.ts";
import { servePlugin } from "../kit/serve.ts";
import { PLUGIN_VERSION } from "../version.ts";
import { generatedSecret } from "./generated-secret.ts";

await servePlugin({
  provider: OpspecProvider,
  version: PLUGIN_VERSION,
  configure: () => null,
  resources: [generatedSecret],
});
