import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { type CheckoutCopy, copyCheckout } from "../infra/testing/checkout-copy.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { apartEnvironment } from "../scripts/workspace/plugin-project.ts";

/** The command line in a copy of the checkout. The tests run in order. */
const STACK = "vega-cockpit";

let copied: CheckoutCopy;
let cloud: LocalCloud;

beforeAll(async () => {
  copied = copyCheckout();
  cloud = await startLocalCloud({});
});

afterAll(async () => {
  copied.remove();
  await cloud.stop();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function opspec(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const bin = join(copied.checkout, "scripts", "bin", "opspec.mjs");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd: copied.directory, env: { ...process.env, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

/** As with a Render account: the environment selects the cloud, and the engine's settings select the state. */
const real = (): NodeJS.ProcessEnv => ({
  ...apartEnvironment(copied.directory, "real"),
  PULUMI_HOME: join(copied.directory, "home"),
  RENDER_HOST: cloud.urls.render,
  RENDER_API_KEY: "real",
});

test("a preview --local shows its steps as one JSON object and keeps everything below .opspec", async () => {
  const before = readdirSync(join(copied.checkout, "stacks"));

  const { code, stdout, stderr } = await opspec(["preview", STACK, "--local", "--json"]);

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ changes: 6, steps: { length: 6 } });
  expect(stderr).toContain("Placeholders replace secrets that are not set");
  expect(readdirSync(join(copied.checkout, "stacks"))).toEqual(before);
  expect(readdirSync(join(copied.checkout, ".opspec"))).toEqual(["local"]);
});

test("--expect-no-changes makes changes a finding", async () => {
  expect((await opspec(["preview", STACK, "--local", "--expect-no-changes"])).code).toBe(1);
});

test("up --local, then verify and an unchanged preview, each in a process of its own", async () => {
  expect(await opspec(["up", STACK, "--local"])).toMatchObject({ code: 0 });

  const verified = await opspec(["verify", STACK, "--local", "--json"]);
  const preview = await opspec(["preview", STACK, "--local", "--json", "--expect-no-changes"]);

  expect(verified.code).toBe(0);
  const { findings } = JSON.parse(verified.stdout) as {
    findings: { status: string; reason?: string }[];
  };
  expect(new Set(findings.map((it) => it.status))).toEqual(new Set(["ok", "unchecked"]));
  expect(findings.every((it) => it.status === "ok" || it.reason !== undefined)).toBe(true);
  expect(preview).toMatchObject({ code: 0, stdout: '{"changes":0,"steps":[]}\n' });
});

test("a preview with an overlay shows its variables and nothing else", async () => {
  const spec = join(copied.checkout, "stacks", `${STACK}.ops.yaml`);
  const overlay = `
overlays:
  mail-outage: { description: Mail is down., env: { DIGEST_EMAIL_TO: backup@example.com } }
`;
  appendFileSync(spec, overlay);

  const args = ["preview", STACK, "--local", "--json"];
  const without = await opspec([...args, "--expect-no-changes"]);
  const { code, stdout } = await opspec([...args, "--overlay", "mail-outage"]);

  expect(without.code).toBe(0);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    changes: 1,
    steps: [{ op: "update", name: "web", fields: ["env.DIGEST_EMAIL_TO"] }],
  });
});

test("without --local a stack must exist in the backend, and the error says how to make it", async () => {
  const { code, stderr } = await opspec(["preview", STACK], real());

  expect(code).toBe(2);
  expect(stderr).toContain(`Create it with: pulumi stack init ${STACK}.`);
});

test("up on the cloud that the environment names; what is done locally is not seen there", async () => {
  const engine = JSON.parse((await opspec(["engine", "--json"])).stdout) as { path: string };
  await new Promise<void>((resolve, reject) => {
    const args = ["-C", copied.checkout, "--non-interactive", "stack", "init", STACK];
    execFile(engine.path, args, { env: { ...process.env, ...real() } }, (error) =>
      error ? reject(error) : resolve(),
    );
  });

  const up = await opspec(["up", STACK, "--json"], real());

  expect(up.code).toBe(0);
  expect(JSON.parse(up.stdout)).toMatchObject({ changes: 6 });
  expect(up.stderr).toContain("secret SENDGRID_API_KEY is not set");
  expect(await send(`${cloud.urls.render}/services`, "GET")).toHaveLength(4);
});

test("refresh only looks; with --save it takes what it saw", async () => {
  const listed = (await send(`${cloud.urls.render}/services?type=web_service`, "GET")) as [
    { service: { id: string } },
  ];
  await send(`${cloud.urls.render}/services/${listed[0].service.id}`, "PATCH", {
    serviceDetails: { plan: "standard" },
  });

  const first = await opspec(["refresh", STACK, "--json"], real());
  const second = await opspec(["refresh", STACK, "--json", "--expect-no-changes"], real());
  const saved = await opspec(["refresh", STACK, "--save", "--json"], real());
  const third = await opspec(["refresh", STACK, "--json", "--expect-no-changes"], real());

  expect(JSON.parse(first.stdout)).toMatchObject({
    changes: 1,
    steps: [{ op: "update", name: "web", fields: ["plan"] }],
  });
  expect(second.code).toBe(1);
  expect(JSON.parse(saved.stdout)).toMatchObject({ changes: 1 });
  expect(third).toMatchObject({ code: 0, stdout: '{"changes":0,"steps":[]}\n' });
});

test("verify names what is not as the spec says, and exits with 1", async () => {
  const listed = (await send(`${cloud.urls.render}/services?type=cron_job`, "GET")) as [
    { service: { id: string } },
  ];
  await send(`${cloud.urls.render}/services/${listed[0].service.id}`, "PATCH", {
    serviceDetails: { schedule: "1 1 1 1 1" },
  });

  const { code, stdout } = await opspec(["verify", STACK], real());

  expect(code).toBe(1);
  expect(stdout).toMatch(/FAILED {7}job \S+ runs at .*: it is 1 1 1 1 1, not /);
});

test.each([["preview"], ["refresh"], ["destroy", "--allow-data-loss"]])(
  "a %s with another cloud than the state's is refused",
  async (command, ...flags) => {
    const elsewhere = { ...real(), RENDER_HOST: "https://render.invalid/v1" };

    const { code, stdout } = await opspec([command, STACK, ...flags], elsewhere);

    expect(code).toBe(1);
    expect(stdout).toContain(
      'this stack\'s state belongs to the cloud "local", but RENDER_HOST points to "render.invalid"',
    );
  },
);

test("a destroy without consent deletes nothing, and names the data that would be lost", async () => {
  const { code, stderr } = await opspec(["destroy", STACK], real());

  expect(code).toBe(2);
  expect(stderr).toContain("  web (WebService): what is on the disk\n");
  expect(stderr).toContain("Take a backup, then run it again with --allow-data-loss.");
  expect(await send(`${cloud.urls.render}/services`, "GET")).toHaveLength(4);
});

test("of two ups at once one is refused in a line, and the other one deploys", async () => {
  const both = await Promise.all([1, 2].map(() => opspec(["up", STACK, "--local"])));

  const [refused, done] = both.toSorted((one, two) => two.code - one.code);
  expect([refused?.code, done?.code]).toEqual([2, 0]);
  expect(refused?.stderr.trim().split("\n").at(-1)).toMatch(
    new RegExp(
      `^another up of ${STACK} has been running since \\d\\d:\\d\\d \\(process \\d+\\)\\.`,
    ),
  );
  expect(refused?.stdout).toBe("");
});

test("destroy with consent leaves nothing", async () => {
  expect((await opspec(["destroy", STACK, "--allow-data-loss"], real())).code).toBe(0);
  expect(await send(`${cloud.urls.render}/services`, "GET")).toEqual([]);
});

test("cloud prints its addresses as its first line and ends at a polite kill", async () => {
  const bin = join(copied.checkout, "scripts", "bin", "opspec.mjs");
  const child = spawn(process.execPath, [bin, "cloud", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const urls = JSON.parse(line) as Record<string, string>;

  expect(Object.keys(urls)).toEqual(["render", "cloudflare", "local", "page"]);
  expect((await fetch(urls["page"] ?? "")).status).toBe(200);
  expect((await fetch(`${urls["render"]}/services`)).status).toBe(401);

  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test.each([
  [["nonsense"], 'there is no command "nonsense"'],
  [["vrify"], 'there is no command "vrify". Did you mean "verify"?'],
  [["cloud", "extra"], "Unexpected argument 'extra'"],
  [["preview"], "name one stack, got 0"],
  [["preview", STACK, "--lokal"], "Unknown option '--lokal'"],
  [["validate", "no-such-stack"], STACK],
  [["cloud", "--port", "many"], "--port should be 0 to 65535, got many"],
  [
    ["cloud", "--run", "--source", "nowhere"],
    "<repository or image>=<existing folder>, got nowhere",
  ],
  [["cloud", "--source", "a=."], "Add --run."],
])("what cannot be understood is refused with 2 and what to do: %j", async (args, said) => {
  const { code, stderr } = await opspec(args);
  expect(code).toBe(2);
  expect(stderr).toContain(said);
  expect(stderr).not.toContain("    at ");
});

test("npm start's script deploys once, and the second time nothing changes", async () => {
  const start = (): Promise<Ended> =>
    new Promise((resolve) => {
      const script = join(copied.checkout, "scripts", "start.ts");
      execFile(process.execPath, [script, STACK, "--once"], (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
    });
  await opspec(["destroy", STACK, "--local", "--allow-data-loss"]);

  const first = await start();
  const second = await start();

  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout).toContain("6 change(s).");
  expect(first.stdout).toMatch(
    /job digest-weekdays: weekdays 13:00 America\/Mazatlan = 20:00 UTC, runs in web; next .* 13:00 America\/Mazatlan = .* 20:00 UTC/,
  );
  expect(second.stdout.match(/Nothing changes\./g)).toHaveLength(2);
  expect(existsSync(join(copied.checkout, ".opspec", "local", "cloud-address.json"))).toBe(false);
});
