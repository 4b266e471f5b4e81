import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Git-ignored: for the eyes of whoever changes the page. */
const FOLDER = join('.run', 'screenshots');

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** The browser of this test run (`scripts/test.mjs` provides it), with a profile of its own that is thrown away. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'];
  if (!executablePath) throw new Error('CHROMIUM_PATH is not set: run the test with npm test');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A tab that collects what a page must not do: errors, and requests to anybody else. */
export async function openTab(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly problems: readonly string[] }> {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) problems.push(`foreign: ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, problems };
}

/** Nothing may stand outside the width of the screen. */
export async function isWithinWidth(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
}

const SHAPES = [
  ['desktop', DESKTOP, 'light'],
  ['desktop-dark', DESKTOP, 'dark'],
  ['phone', PHONE, 'light'],
  ['phone-dark', PHONE, 'dark'],
] as const;

/** Pictures of the page as it is, on a desk and in a hand, by day and by night. Returns the shapes that overflow. */
export async function screenshots(page: Page, name: string): Promise<readonly string[]> {
  mkdirSync(FOLDER, { recursive: true });
  const overflowing: string[] = [];
  for (const [shape, viewport, colorScheme] of SHAPES) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    if (!(await isWithinWidth(page))) overflowing.push(`${name} ${shape}`);
    await page.screenshot({ path: join(FOLDER, `${name}-${shape}.png`), fullPage: true });
  }
  await page.setViewportSize(DESKTOP);
  return overflowing;
}
