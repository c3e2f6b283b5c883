import { expect, test } from "vitest";
import { loadJobPages } from "./job-pages.ts";
import { renderReference } from "./reference.ts";

const JOBS = loadJobPages();

test("the reference has every command with its options and every resource type with its fields", async () => {
  const page = await renderReference(JOBS);

  expect(page).toContain("### `opspec up`");
  expect(page).toContain("Options: `--local`, `--json`, `--overlay VALUE`, `--no-refresh`");
  expect(page).toContain("### `render:index:WebService`");
  expect(page).toMatch(/\| `region` \| .* \| replaces: .*region \|/);
  expect(page).toMatch(/\| `apiKey` \| text \| secret \|/);
  expect(page).toContain("| [`digest`](jobs/digest.md) |");
});

test("the reference says how an app talks to the runtime, with a program that does", async () => {
  const page = await renderReference(JOBS);

  expect(page).toContain("| `POST /components/<name>` | `{ ok, detail?, latencyMs? }` |");
  expect(page).toContain("| `OPSPEC_URL` | app |");
  expect(page).toContain('ask("POST", "/runs/end"');
  expect(page).toContain("| `defineJob` |");
});

test("the reference has the runtime's commands, exit codes, health paths and metrics", async () => {
  const page = await renderReference(JOBS);

  expect(page).toContain("| `opspec-runtime supervise -- <app command…>` |");
  expect(page).toContain("| 124 | The run reached its deadline. |");
  expect(page).toContain("| `joslyn-ai-worker` | `/health`, `/metrics` |");
  expect(page).toContain("| `opspec_job_runs_total` | counter |");
});

test("the reference is the same every time", async () => {
  expect(await renderReference(JOBS)).toBe(await renderReference(JOBS));
});
