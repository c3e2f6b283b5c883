import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Limits for tests that hang; on a busy machine a test may take twenty times as long as alone. */
const UNIT_LIMIT_MS = 60_000;
const RUNTIME_LIMIT_MS = 180_000;
const ENGINE_LIMIT_MS = 600_000;

/** Limit of expect.poll; vitest's own of 1 s is too short for a busy machine. */
const POLL_LIMIT_MS = 30_000;

/** Most tests wait for processes, databases and the engine: two thirds of their time no core works. */
const WORKERS = Math.max(5, availableParallelism());

const EXCLUDED = ["**/node_modules/**", ".opspec/**"];

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: WORKERS,
    expect: { poll: { timeout: POLL_LIMIT_MS } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...EXCLUDED, "**/*.engine.test.ts", "runtime/**"],
          testTimeout: UNIT_LIMIT_MS,
          hookTimeout: UNIT_LIMIT_MS,
        },
      },
      {
        extends: true,
        test: {
          name: "runtime",
          include: ["runtime/**/*.test.ts"],
          exclude: EXCLUDED,
          testTimeout: RUNTIME_LIMIT_MS,
          hookTimeout: RUNTIME_LIMIT_MS,
        },
      },
      {
        extends: true,
        test: {
          name: "engine",
          include: ["**/*.engine.test.ts"],
          exclude: EXCLUDED,
          testTimeout: ENGINE_LIMIT_MS,
          hookTimeout: ENGINE_LIMIT_MS,
        },
      },
    ],
  },
});
