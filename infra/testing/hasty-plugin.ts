/**
 * Preloaded into a plugin by NODE_OPTIONS: a request that is never answered is given up soon.
 *
 * The plugin waits a minute, which a test of every call cannot; nothing else about it is different.
 */
import { RENDER_PACE } from "../provider/render/waiting.ts";

/** Far more than the cloud on loopback takes, also on a busy machine. */
const REQUEST_TIMEOUT_MS = 1000;

const timeout = AbortSignal.timeout.bind(AbortSignal);

AbortSignal.timeout = (ms) =>
  timeout(ms === RENDER_PACE.requestTimeoutMs ? REQUEST_TIMEOUT_MS : ms);
