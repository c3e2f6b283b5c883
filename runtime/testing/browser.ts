import { type Browser, chromium, type Page } from "playwright-core";

/** Screens that a page is looked at on: a desk, and the narrowest phone that is still sold. */
export const SCREENS = {
  desk: { width: 1280, height: 800 },
  phone: { width: 360, height: 740 },
} as const;

/** Longest that a page may take for anything, in ms; a busy machine takes seconds to draw. */
const PATIENCE_MS = 60_000;

/** A page in a browser, and everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of its console and its scripts, and what its policy forbade. */
  readonly problems: string[];
}

/** Starts a browser without a window. Who starts it closes it. */
export function startBrowser(executablePath: string): Promise<Browser> {
  // Root has no sandbox of its own, and a container gives shared memory of 64 MB.
  const isRoot = process.getuid?.() === 0;
  const args = ["--disable-dev-shm-usage", ...(isRoot ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath, args });
}

/** Opens a page as a new visitor. */
export async function openPage(
  browser: Browser,
  url: string,
  screen: keyof typeof SCREENS = "desk",
): Promise<WatchedPage> {
  const isPhone = screen === "phone";
  const context = await browser.newContext({
    viewport: SCREENS[screen],
    hasTouch: isPhone,
    isMobile: isPhone,
    timezoneId: "America/Montevideo",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(url);
  return { page, problems };
}
