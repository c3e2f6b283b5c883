import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { SCREENS } from "../../../testing/browser.ts";
import { logIn, MARKUP, showSection, visit, visitConsole } from "../../../testing/console-scene.ts";
import { PATIENCE_MS, startSupervised, SUPERVISED_TOKEN } from "../../../testing/supervised.ts";

/** What a finger hits without aiming. @see https://www.w3.org/WAI/WCAG21/Understanding/target-size */
const TARGET_PX = 44;

async function runNow(page: Page, job: string): Promise<void> {
  await page.getByRole("button", { name: `Run ${job} now` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
}

test("a job is run by hand, and its record names who did it", async (context) => {
  const { page, problems } = await visitConsole(context);
  await logIn(page);

  await showSection(page, "Jobs");
  await runNow(page, "heartbeat");
  await page.getByText("heartbeat: ok after").waitFor();
  await showSection(page, "History");

  const row = page.getByRole("row", { name: "heartbeat" });
  await row.getByText("manual ada").waitFor();
  expect(await row.getByText("ok", { exact: true }).count()).toBe(1);
  expect(problems).toEqual([]);
});

test("a running job is stopped after a question, and its record says so", async (context) => {
  const { page, problems } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Jobs");
  await runNow(page, "slow");

  await page.getByRole("button", { name: "Stop slow" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();

  await page.getByRole("row", { name: "slow" }).getByText("an operator stopped it").waitFor();
  expect(problems).toEqual([]);
});

test("alerts are silenced from the page, and the silence ends by itself", async (context) => {
  const { page, problems, passMinutes } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Alerts");

  await page.getByLabel("Minutes").fill("30");
  await page.getByLabel("Reason").fill("moving house");
  await page.getByRole("button", { name: "Silence" }).click();
  await page.getByRole("row", { name: "moving house" }).getByText("by manual ada").waitFor();
  passMinutes(31);

  await page.getByText("Nothing is silenced.").waitFor();
  expect(problems).toEqual([]);
});

test("a channel that backs off says why and when it is tried again", async (context) => {
  const refusing = createServer((_, response) => response.writeHead(401).end("bad key"));
  refusing.listen(0, "127.0.0.1");
  await once(refusing, "listening");
  onTestFinished(() => void refusing.close());
  const { port } = refusing.address() as AddressInfo;
  const env = { OPS_WEBHOOK_URL: `http://127.0.0.1:${port}/` };
  const { page, problems, fail } = await visitConsole(context, "desk", env);
  await fail();
  await logIn(page);
  await showSection(page, "Alerts");
  const row = page.getByRole("row", { name: "backing off" });
  await row.getByText(/^1 failed message; 1 alert held; next attempt:$/).waitFor();
  await row.getByText("401").waitFor();
  await row.getByText(/UTC · (in \d+ s|now)/).waitFor();
  expect(problems).toEqual([]);
});

test("an app is restarted after a question, and the log says who asked", async (context) => {
  const supervised = await startSupervised({ manifest: { app: { front: true, graceSeconds: 5 } } });
  await supervised.line("the app is up");
  const { page, problems } = await visit(context, `${supervised.url}/ops`);
  await logIn(page, SUPERVISED_TOKEN);
  await showSection(page, "Process");

  await page.getByRole("button", { name: "Restart the app…" }).click();
  await page.getByLabel("Reason").fill("new moon");
  await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();

  const change = await supervised.line("ops change");
  expect(change).toMatchObject({ actor: "manual ada", did: "restart the app", reason: "new moon" });
  await expect
    .poll(() => supervised.lines.filter(({ msg }) => msg === "the app is up").length, {
      timeout: PATIENCE_MS,
    })
    .toBe(2);
  expect(problems).toEqual([]);
});

test("the next run is told in the zone of its schedule and in UTC", async (context) => {
  const { page } = await visitConsole(context);
  await logIn(page);
  await showSection(page, "Jobs");

  const cell = page.getByRole("row", { name: "digest" }).getByRole("cell").nth(2);

  expect(await cell.textContent()).toMatch(
    /^\d{4}-\d\d-\d\d 20:00 America\/Mazatlan\d{4}-\d\d-\d\d 03:00 UTC · in \d+ (d|h|min)$/,
  );
});

test("a wrong token is refused and said so, and shows nothing", async (context) => {
  const { page } = await visitConsole(context);

  await logIn(page, "something-else");

  await page.getByRole("alert").getByText("the token is wrong").waitFor();
  expect(await page.getByRole("navigation").count()).toBe(0);
  expect(await page.getByText("heartbeat").count()).toBe(0);
});

test("after a logout the page asks for the token again", async (context) => {
  const { page, problems } = await visitConsole(context);
  await logIn(page);

  await page.getByRole("button", { name: "Log out" }).click();

  await page.getByRole("heading", { name: "Log in" }).waitFor();
  expect(await page.getByLabel("Token").inputValue()).toBe("");
  expect(problems).toEqual([]);
});

test("markup in the error of a job is text on the page", async (context) => {
  const { page, problems } = await visitConsole(context);
  await logIn(page);

  await showSection(page, "Jobs");
  await runNow(page, "broken");

  await page.getByRole("row", { name: "broken" }).getByText(MARKUP).waitFor();
  expect(await page.locator("img").count()).toBe(0);
  expect(problems).toEqual([]);
});

test("markup that somebody brings into the page is forbidden to run and to load", async (context) => {
  const { page, problems } = await visitConsole(context);

  await page.evaluate(`document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(MARKUP)})`);

  await expect.poll(() => problems.join(" ")).toMatch(/Content Security Policy/);
});

test("a job is run with the keyboard alone", async (context) => {
  const { page, problems } = await visitConsole(context);
  await page.getByLabel("Token").waitFor();
  await page.keyboard.type("ada");
  await page.keyboard.press("Tab");
  await page.keyboard.type("token-of-the-console-test");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Jobs" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Run heartbeat now" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Run" }).press("Enter");

  await page.getByText("heartbeat: ok after").waitFor();
  expect(problems).toEqual([]);
});

test("everything can be read and touched on a phone, without moving sideways", async (context) => {
  const { page, problems } = await visitConsole(context, "phone");
  await logIn(page);

  const sections = page.getByRole("navigation").getByRole("link");
  await sections.first().waitFor();
  await expect.poll(() => sections.count()).toBeGreaterThan(4);
  for (const section of await sections.allTextContents()) {
    await showSection(page, section);
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width, section).toBe(SCREENS.phone.width);
    for (const target of await page.locator("button, a.button, nav a, input, select").all()) {
      if (!(await target.isVisible())) continue;
      const box = await target.boundingBox();
      const what = `${section}: ${await target.evaluate("node => node.outerHTML")}`;
      expect(box?.height, what).toBeGreaterThanOrEqual(TARGET_PX);
    }
  }
  expect(problems).toEqual([]);
});
