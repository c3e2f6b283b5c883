import { expect, test } from "vitest";
import * as z from "zod/mini";
import { exampleProblems } from "./job-example.ts";
import { loadJobPages, pageFile } from "./job-pages.ts";
import {
  exampleOf,
  optionKeys,
  renderJobList,
  renderJobPage,
  SECTIONS,
  sectionOf,
} from "./job-page.ts";
import { listSpecKeys } from "./spec-keys.ts";

const JOBS = loadJobPages();

test("every job of the catalog has a page", () => {
  const missing = Object.entries(JOBS).filter(([, { page }]) => !page);

  expect(missing.map(([name]) => `${pageFile(name)}: is missing. Write it.`)).toEqual([]);
});

test.each(Object.entries(JOBS))(
  "every option and input of %s says what it is",
  (_, { job, page }) => {
    const keys = [
      ...optionKeys(job.options, page ?? ""),
      ...(job.input ? listSpecKeys(job.input) : []),
    ];
    const silent = keys.filter(({ path, description }) => !path.includes("/") && !description);

    expect(silent.map(({ path }) => path)).toEqual([]);
  },
);

test.each(Object.entries(JOBS))(
  "the page of %s describes no option that it does not have",
  (_, it) => {
    const known = listSpecKeys(it.job.options).map(({ path }) => path);
    const written = [...sectionOf(it.page ?? "", "Options").matchAll(/^- `(.*?)`: /gm)];

    expect(written.map(([, path]) => path).filter((path) => !known.includes(path ?? ""))).toEqual(
      [],
    );
  },
);

const WRITTEN = Object.entries(JOBS).flatMap(([name, { page }]) => (page ? [{ name, page }] : []));

test.each(WRITTEN)("the example of $name is a job that a spec accepts", ({ name, page }) => {
  expect(exampleProblems(name, exampleOf(page))).toEqual([]);
});

test.each(WRITTEN)(
  "the page of $name says what it does, how it ends and what a dry run does",
  ({ page }) => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);

    const isOwn = (it: string) => it !== "Options" || headings.includes(it);
    expect(headings).toEqual(SECTIONS.filter(isOwn));
    expect(sectionOf(page, "What it does")).toMatch(/^1\. /);
    expect(sectionOf(page, "How it ends")).toMatch(/^- /);
    for (const section of ["What it does", "How it ends", "Dry run"] as const) {
      for (const line of sectionOf(page, section).split("\n")) expect(line).toMatch(/[.!]$/);
    }
  },
);

const LABEL = {
  job: {
    description: "Prints a label.",
    options: z.strictObject({
      copies: z.optional(z.int()).check(z.meta({ description: "How many. Default: 2." })),
    }),
    input: z.strictObject({
      text: z.string().check(z.meta({ description: "What stands on it." })),
    }),
    needsDisk: true,
  },
  page: `In the runbooks: \`print_label\`.

## What it does

1. Draws it.
2. Prints it.

## What it writes

- label: \`labels/<time>.txt\`

## How it ends

- \`0\`: It is printed.
- \`skipped\`: There is no paper.
`,
};

test("the list of jobs has each with its link and the runbooks' own names", () => {
  expect(renderJobList({ label: LABEL })).toContain(
    "| [`label`](jobs/label.md) | Prints a label. | `print_label` |",
  );
});

test("the page of a job has all that an operator asks, in this order", () => {
  expect(renderJobPage("label", LABEL)).toMatchInlineSnapshot(`
    "<!-- Generated from the code by npm run generate. Changes made here are lost. -->

    # \`label\`

    Prints a label. It needs a disk, so it runs in the service that owns one.

    In the runbooks: \`print_label\`.

    ## What it does

    1. Draws it.
    2. Prints it.

    ## Options

    | option | type | default | what it says |
    | --- | --- | --- | --- |
    | \`copies\` | whole number | 2 | How many. Default: 2. |

    ## Input of a manual run

    For one run: \`opspec-runtime run <job that uses label> --input name=value\`, or as \`{ "input": { … } }\` in the body of \`POST /ops/jobs/<job>/run\`. The run record contains it.

    | name | type | default | what it says |
    | --- | --- | --- | --- |
    | \`text\` | text | required | What stands on it. |

    ## What it writes

    - label: \`labels/<time>.txt\`

    ## How it ends

    - \`0\`: It is printed.
    - \`skipped\`: There is no paper.

    The keys that every job has (schedule, toggles, retries, lock, alerts) are in the [reference](../reference.md#jobs).
    "
  `);
});

test("an example that misspells an option or uses another job is told", () => {
  const trim =
    "jobs:\n  trim:\n    uses: dead-letter-trim\n    in: web\n    schedule: { every: 1h }\n";

  expect(exampleProblems("digest", trim)).toEqual(["uses dead-letter-trim instead of digest."]);
  expect(exampleProblems("dead-letter-trim", `${trim}    options: { kep: 3 }`).join(" ")).toContain(
    "jobs/trim/options/kep",
  );
});
