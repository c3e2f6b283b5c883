/**
 * Preloaded into a plugin by NODE_OPTIONS: shortens the timeout of requests.
 *
 * The plugin's own timeout is 1 min, which is too long for a test of every call.
 */
import { RENDER_PACE } from "../provider/render/waiting.ts";

/** Much longer than the cloud on loopback takes, even on a busy machine. */
const REQUEST_TIMEOUT_MS = 1000;

const timeout = AbortSignal.timeout.bind(AbortSignal);

AbortSignal.timeout = (ms) =>
  timeout(ms === RENDER_PACE.requestTimeoutMs ? REQUEST_TIMEOUT_MS : ms);
