import { setTimeout as sleep } from 'node:timers/promises';
import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 900 };
export const SCHEMES = ['light', 'dark'] as const;

/** The Chromium that the test run found. Whoever launches it closes it. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.TEST_CHROMIUM_PATH;
  if (!executablePath) throw new Error('TEST_CHROMIUM_PATH is not set: run the tests with npm test');
  return chromium.launch({
    executablePath,
    // Chromium's own sandbox does not start as root, as in most containers.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  });
}

/** A page in a browser profile of its own, and everything that must not happen on it. */
export interface OpenedPage {
  readonly page: Page;
  /** Errors of the console or of scripts, and requests to another origin. */
  readonly faults: string[];
  close(): Promise<void>;
}

/** @param expectedStatuses of answers that are no fault; the console reports every one from 400 on */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  expectedStatuses: readonly number[] = [],
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    const status = Number(/the server responded with a status of (\d+)/.exec(message.text())?.[1]);
    if (message.type() === 'error' && !expectedStatuses.includes(status)) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

const POLL_MS = 50;
const PATIENCE_MS = 10_000;

/** Waits until what is read from a page is as expected. The pages allow no script of ours to wait inside them. */
export async function eventually<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline && (await read()) !== expected) await sleep(POLL_MS);
  expect(await read()).toEqual(expected);
}

/** WCAG 2.2 A and AA, as far as axe can see. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .options({ resultTypes: ['violations'] })
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`);
  expect(found).toEqual([]);
}

/** What sticks out of the window, as an expression that the page evaluates. */
const STICKING_OUT = `[...document.querySelectorAll('html, body *')]
  .filter((element) => {
    const right = document.documentElement.clientWidth + 1;
    return element.getBoundingClientRect().right > right || (element.localName === 'html' && element.scrollWidth > right);
  })
  .map((element) => element.outerHTML.slice(0, 120))`;

/** Nothing is wider than the window. */
export async function expectNoOverflow(page: Page): Promise<void> {
  expect(await page.evaluate(STICKING_OUT)).toEqual([]);
}

const TOO_SMALL = `[...document.querySelectorAll('button, summary, input, select, nav a')]
  .filter((control) => control.checkVisibility() && !control.matches('[type=checkbox]'))
  .filter((control) => control.getBoundingClientRect().height < 24 || control.getBoundingClientRect().width < 24)
  .map((control) => control.outerHTML)`;

/** WCAG 2.2 asks for 24 by 24 pixels. */
export async function expectTargetsLargeEnough(page: Page): Promise<void> {
  expect(await page.evaluate(TOO_SMALL)).toEqual([]);
}
