// What a Node app may import: `@opspec/runtime/app`, or `app.mjs` of a folder that was copied.
export { createHealth, type AppHealthOptions } from "./app/health.ts";
export { createLogger, type AppLoggerOptions } from "./app/logger.ts";
export { defineJob, type DefinedJob } from "./app/define-job.ts";
export { fastifyHealth, honoHealth } from "./health/adapters.ts";
export { nodeListener } from "./http.ts";
export { type Check, CheckError, type ProbeResult } from "./health/check.ts";
export type { Health } from "./health/health.ts";
export { type JobContext, JobFailure, type JobOutcome, type JobWork } from "./jobs/definition.ts";
export { ConfigurationError } from "./contract/configuration-error.ts";
