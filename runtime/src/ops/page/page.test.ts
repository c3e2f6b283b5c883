import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { openOps } from "../app.ts";
import { pageText } from "./page.ts";

const TOKEN = "token-of-the-page-test";

async function scene(env: Record<string, string> = { OPSPEC_OPS_TOKEN: TOKEN }) {
  const { process } = await scratchProcess({ jobs: [{ name: "sweep", command: "true" }], env });
  const { fetch } = openOps(process);
  return (path: string, init?: RequestInit) => fetch(new Request(`http://localhost${path}`, init));
}

test("the page is for anybody, runs only files of ours and is kept by nobody", async () => {
  const ask = await scene();

  const page = await ask("/ops");

  const policy = page.headers.get("content-security-policy") ?? "";
  expect(page.status).toBe(200);
  expect(page.headers.get("cache-control")).toContain("no-store");
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(await page.text()).not.toMatch(
    /<script(?! type="module" src="\/ops\/assets\/)|<style|sweep/,
  );
});

test("a page with a session carries the proof that its requests must send", async () => {
  const ask = await scene();
  const login = await ask("/ops/login", {
    method: "POST",
    body: JSON.stringify({ token: TOKEN }),
  });
  const { csrf } = (await login.json()) as { csrf: string };
  const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";

  const html = await (await ask("/ops", { headers: { cookie } })).text();

  expect(html).toContain(`data-csrf="${csrf}"`);
  expect(await (await ask("/ops")).text()).toContain('data-csrf=""');
});

test("every file that the page names is there, as what it is, and zipped for who takes it", async () => {
  const ask = await scene();
  const html = await (await ask("/ops")).text();
  const paths = [...html.matchAll(/(?:src|href)="(\/ops\/assets\/[^"]+)"/g)].map(([, it]) => it);

  expect(paths.length).toBeGreaterThan(3);
  for (const path of new Set(paths)) {
    const plain = await ask(path ?? "");
    const zipped = await ask(path ?? "", { headers: { "accept-encoding": "gzip, br" } });
    expect(plain.status, path).toBe(200);
    expect(plain.headers.get("content-type")).toMatch(/^(text\/(css|javascript)|image\/svg\+xml)/);
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    const unzipped = gunzipSync(await zipped.arrayBuffer()).toString();
    expect(unzipped).toBe(await plain.text());
  }
});

test.each(["tsconfig.json", "answers.d.ts", "console.html", "..%2Fpage-files.ts", "nothing.js"])(
  "%s is no file of the page",
  async (file) => {
    const ask = await scene();

    expect((await ask(`/ops/assets/${file}`)).status).toBe(404);
  },
);

test("without a token set there is no page", async () => {
  const ask = await scene({});

  expect((await ask("/ops")).status).toBe(404);
  expect((await ask("/ops/assets/console.js")).status).toBe(404);
});

const HTML = '<html data-csrf="" data-migrations="no"><head><title>x</title>\n  </head></html>';

test("a page without a session carries no proof, and one with a session its own", () => {
  const none = pageText(HTML, { hasMigrations: false, modules: [] });
  const some = pageText(HTML, { csrf: "a-proof_1", hasMigrations: true, modules: ["x.js"] });

  expect(none).toContain('data-csrf="" data-migrations="no"');
  expect(some).toContain('data-csrf="a-proof_1" data-migrations="yes"');
  expect(some).toContain('<link rel="modulepreload" href="/ops/assets/x.js" />');
});

test("a proof that would be markup is refused", () => {
  const session = { csrf: '"><script>', hasMigrations: false, modules: [] };

  expect(() => pageText(HTML, session)).toThrow("base64url");
});
