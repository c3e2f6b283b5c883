import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type Server, createServer } from "node:net";
import { once } from "node:events";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { UsageError } from "../../infra/errors.ts";
import { findEngine, locateEngine, renderPathLine } from "./find.ts";
import { ENGINE_VERSION } from "./version.ts";

/** A port that refuses connections at once, as on an offline machine. */
const OFFLINE = "http://127.0.0.1:9/install.sh";

/** A fake Go that reports a sufficient version and records that it was asked to build. */
const FAKE_GO = `
case "$1" in
  env) echo go1.99.0; echo auto;;
  build) echo "$*" >> "$JOURNAL"; /bin/sleep 0.3
    for last; do case "$previous" in -o) output=$last;; esac; previous=$last; done
    printf '#!/bin/sh\\necho v${ENGINE_VERSION}\\n' > "$output"; /bin/chmod +x "$output";;
esac`;

let home: string;
let lines: string[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "opspec-engine-"));
  lines = [];
});

afterEach(() => rmSync(home, { recursive: true }));

test("a good engine on PATH is taken; our language host is added when it has none", async () => {
  program("pulumi", "echo v3.300.1");

  const found = await findEngine(search());

  expect(found).toMatchObject({
    origin: "path",
    version: "3.300.1",
    path: join(home, "bin/pulumi"),
  });
  expect(found.command.command).toBe(join(home, "bin/pulumi"));
  expect(readdirSync(found.languageHostDir ?? "")).toContain("pulumi-language-nodejs");
});

test("an engine with a language host beside it gets none of ours", async () => {
  program("pulumi", "echo v3.259.0");
  program("pulumi-language-nodejs", "");

  const found = await locateEngine(search());

  expect(found).toEqual({ origin: "path", version: "3.259.0", path: join(home, "bin/pulumi") });
});

test.each([
  ["echo v3.258.9", "is 3.258.9, older than 3.259.0"],
  ["echo v4.0.0", "is 4.0.0, not of major version 3"],
  ["exit 1", 'reports "nothing", which is not a version'],
])(
  "an engine on PATH that answers `%s` is passed over, with the reason",
  async (script, reason) => {
    program("pulumi", script);
    fillCache();

    const found = await locateEngine(search());

    expect(found.origin).toBe("cache");
    expect(lines).toEqual([`Skipping the engine at ${join(home, "bin/pulumi")}: it ${reason}.`]);
  },
);

test("an engine in the cache is taken in silence and gets our language host beside it", async () => {
  fillCache();

  const found = await locateEngine(search());

  expect(found).toEqual({ origin: "cache", version: ENGINE_VERSION, path: cached("pulumi") });
  expect(existsSync(cached("pulumi-language-nodejs"))).toBe(true);
  expect(lines).toEqual([]);
});

test("an official language host in the cache stays as it is", async () => {
  fillCache();
  writeFileSync(cached("pulumi-language-nodejs"), "official", { mode: 0o755 });

  await locateEngine(search());

  expect(readFileSync(cached("pulumi-language-nodejs"), "utf8")).toBe("official");
});

test("the cache's own engine on PATH counts as the cache's", async () => {
  fillCache();

  const found = await locateEngine(search({ PATH: join(cached(""), ".") }));

  expect(found.origin).toBe("cache");
});

test("offline and with Go, the engine is built once and cached whole", async () => {
  program("go", FAKE_GO);

  const both = await Promise.all([locateEngine(search()), locateEngine(search())]);
  const later = await locateEngine(search());

  expect(both.map(({ origin }) => origin).toSorted()).toEqual(["cache", "go"]);
  expect(later).toMatchObject({ origin: "cache", path: cached("pulumi") });
  expect(readFileSync(join(home, "journal"), "utf8").trim().split("\n")).toHaveLength(1);
  expect(readdirSync(join(home, "cache/opspec/engine"))).toEqual([ENGINE_VERSION]);
  expect(lines.join("\n")).toMatch(
    /Another process \(\d+\) is installing the engine; waiting for it\./,
  );
});

test("what a killed build left behind is cleared and never taken for an engine", async () => {
  const cache = join(home, "cache/opspec/engine");
  program("go", FAKE_GO);
  mkdirSync(join(cache, `.${ENGINE_VERSION}-left/bin`), { recursive: true });
  writeFileSync(join(cache, `.${ENGINE_VERSION}-left/bin/pulumi`), "half", { mode: 0o755 });
  const { pid } = spawnSync("true");
  mkdirSync(join(cache, `${ENGINE_VERSION}.lock`));
  writeFileSync(
    join(cache, `${ENGINE_VERSION}.lock/owner.json`),
    JSON.stringify({ token: "left", pid, host: hostname() }),
  );

  const found = await locateEngine(search());

  expect(found.origin).toBe("go");
  expect(readdirSync(cache)).toEqual([ENGINE_VERSION]);
});

test("a build that fails leaves nothing and shows the compiler's words", async () => {
  program(
    "go",
    'case "$1" in env) echo go1.99.0; echo auto;; *) echo "x.go:1: no" >&2; exit 1;; esac',
  );

  await expect(locateEngine(search())).rejects.toThrow(UsageError);

  expect(lines.at(-1)).toBe("go build failed (exit code 1):\nx.go:1: no");
  expect(readdirSync(join(home, "cache/opspec/engine"))).toEqual([]);
});

test("with nothing at all the message lists the four ways and what each lacked", async () => {
  const error = await locateEngine(search()).catch((it: unknown) => it);

  expect(error).toBeInstanceOf(UsageError);
  expect(String(error).replaceAll(home, "HOME")).toMatchInlineSnapshot(`
    "UsageError: engine: no Pulumi engine 3.259.0 was found. One of these is needed:
      pulumi on PATH: it is not on PATH. Install Pulumi: https://www.pulumi.com/docs/iac/download-install/.
      the cache: HOME/cache/opspec/engine/3.259.0 is empty. The ways below fill it.
      Pulumi's installer: 127.0.0.1:9 cannot be reached (bad port). Connect to the network and start again.
      building it with Go: go is not on PATH. Install Go 1.25.11 or newer: https://go.dev/dl/."
  `);
});

test("a network that swallows packets is given up within the limit", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const startMs = performance.now();

  const error = await locateEngine({ ...search(), downloadsUrl: urlOf(silent) }).catch(String);

  silent.close();
  expect(error).toContain("did not answer within 5 s");
  expect(performance.now() - startMs).toBeLessThan(10_000);
});

test("the PATH line quotes what a shell would take apart", () => {
  const location = { path: "/a b/it's/pulumi", version: "3.259.0", origin: "cache" } as const;

  expect(renderPathLine(location)).toBe(String.raw`export PATH='/a b/it'\''s':"$PATH"`);
  expect(renderPathLine({ ...location, path: "/e/pulumi", languageHostDir: "/h" })).toBe(
    `export PATH='/h':'/e':"$PATH"`,
  );
});

test("the SDK, the Go module and the engine have one version", () => {
  const { dependencies } = JSON.parse(read("../../package.json"));
  const goMod = read("go/go.mod");

  expect(dependencies["@pulumi/pulumi"]).toBe(ENGINE_VERSION);
  expect(goMod).toContain(`github.com/pulumi/pulumi/pkg/v3 v${ENGINE_VERSION} `);
  expect(goMod).toContain(`github.com/pulumi/pulumi/sdk/v3 v${ENGINE_VERSION} `);
});

function search(env: NodeJS.ProcessEnv = {}) {
  return {
    log: (line: string) => void lines.push(line),
    downloadsUrl: OFFLINE,
    env: {
      PATH: join(home, "bin"),
      XDG_CACHE_HOME: join(home, "cache"),
      JOURNAL: join(home, "journal"),
      ...env,
    },
  };
}

function program(name: string, script: string): void {
  const path = join(home, "bin", name);
  mkdirSync(join(home, "bin"), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function cached(name: string): string {
  return join(home, "cache/opspec/engine", ENGINE_VERSION, "bin", name);
}

function fillCache(): void {
  mkdirSync(cached(""), { recursive: true });
  writeFileSync(cached("pulumi"), `#!/bin/sh\necho v${ENGINE_VERSION}\n`, { mode: 0o755 });
}

function urlOf(server: Server): string {
  const address = server.address();
  return typeof address === "object" && address ? `http://127.0.0.1:${address.port}/` : OFFLINE;
}

function read(path: string): string {
  return readFileSync(join(import.meta.dirname, path), "utf8");
}
