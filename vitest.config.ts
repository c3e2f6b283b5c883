import { defineConfig } from "vitest/config";

/** A preview takes seconds and an update of a whole stack a minute, on a busy machine. */
const ENGINE_LIMIT_MS = 180_000;

/** Starting processes is what the slowest unit tests do. */
const UNIT_LIMIT_MS = 20_000;

/** A database's first start and a killed process's time limit are seconds each, on a busy machine. */
const RUNTIME_LIMIT_MS = 90_000;

const EXCLUDED = ["**/node_modules/**", ".opspec/**"];

export default defineConfig({
  test: {
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...EXCLUDED, "**/*.engine.test.ts", "runtime/**"],
          testTimeout: UNIT_LIMIT_MS,
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
          // An engine, its plugins and a program are four processes each; after the unit tests.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
