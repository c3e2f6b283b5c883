import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandProblem } from "./probe-command.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-probe-"));
  mkdirSync(join(directory, "workers"));
  mkdirSync(join(directory, "shared"));
  const files = {
    "run.sh": "#!/bin/sh\n",
    "plain.txt": "",
    "app.js": "",
    "workers/flush.py": "import os\nfrom shared.mail import send\n",
    "workers/plain.py": "import json\nraise SystemExit('it ran')\n",
    "workers/broken.py": "def (:\n",
    "shared/__init__.py": "",
    "shared/mail.py": "send = 1\n",
    Makefile: "trim:\n\ttouch made\n",
    "package.json": JSON.stringify({ scripts: { "webhooks:reconcile": "node app.js" } }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  chmodSync(join(directory, "run.sh"), 0o755);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const problem = (command: string, env: Record<string, string> = {}) =>
  commandProblem(command, { directory, env: { PATH: process.env["PATH"], ...env } });

test.each([
  "./run.sh",
  "cd workers && python3 plain.py",
  "KEEP=3 node app.js --dry-run",
  "make trim",
  "$SHELL -c whatever",
  'if [ -f x ]; then echo "a b"; fi',
  "sh -c 'anything && else'",
  "python3 -m json",
])("a command whose parts are there may run: %s", (command) => {
  expect(problem(command)).toBeUndefined();
});

test.each([
  ["wrok --now", 'there is no program "wrok"'],
  ["true && ./gone.sh", 'there is no program "./gone.sh"'],
  ["./plain.txt", 'there is no program "./plain.txt"'],
  ["cd gone && ./run.sh", 'there is no directory "gone"'],
  ["node gone.js", 'there is no file "gone.js"'],
  ["make sweep", 'make cannot make "sweep"'],
  ["python3 -m nowhere_at_all", 'python finds no module "nowhere_at_all"'],
  ["python3 workers/gone.py", 'there is no file "workers/gone.py"'],
  ["python3 workers/broken.py", 'python cannot read "workers/broken.py"'],
])("what is not there is named: %s", (command, words) => {
  expect(problem(command)).toBe(words);
});

test("a script that imports what python would not find beside it is refused before its first run", () => {
  expect(problem("python3 workers/flush.py")).toBe(
    '"workers/flush.py" imports what is not there: shared',
  );
  expect(problem("python3 workers/flush.py", { PYTHONPATH: directory })).toBeUndefined();
});

test("a script of package.json is looked for by its name", () => {
  const env = { PATH: `${directory}/bin:${process.env["PATH"] ?? ""}` };
  mkdirSync(join(directory, "bin"));
  writeFileSync(join(directory, "bin", "pnpm"), "#!/bin/sh\n");
  chmodSync(join(directory, "bin", "pnpm"), 0o755);

  expect(problem("pnpm webhooks:reconcile", env)).toBeUndefined();
  expect(problem("pnpm webhooks:replay", env)).toBe('package.json has no script "webhooks:replay"');
  expect(problem("pnpm run purge", env)).toBe('package.json has no script "purge"');
});
