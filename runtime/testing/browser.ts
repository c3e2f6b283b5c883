import { type Browser, chromium, type Page } from "playwright-core";

/** Screen sizes: a desktop, and the narrowest phone on sale. */
export const SCREENS = {
  desk: { width: 1280, height: 800 },
  phone: { width: 360, height: 740 },
} as const;

/** Limit of each step of a page, in ms; a busy machine takes seconds to render. */
const PATIENCE_MS = 60_000;

/** A page in a browser, and its errors. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of its console and scripts, and violations of its content security policy. */
  readonly problems: string[];
}

/** Starts a headless browser, which the caller closes. */
export function startBrowser(executablePath: string): Promise<Browser> {
  // Chromium has no sandbox for root, and a container has only 64 MB of shared memory.
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
