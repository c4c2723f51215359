// npm run screenshots: starts the demo and writes pictures of its pages to docs/images.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findChromium } from './chromium.mjs';
import { API, build, checkNode, install, root, stop } from './setup.mjs';

const IMAGES = join(root, 'docs/images');
const WINDOWS = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 390, height: 1040 }, deviceScaleFactor: 2, isMobile: true },
};
const SCHEMES = ['light', 'dark'];

/** What to do on each page before its picture is taken. */
const PAGES = {
  async inbox(page, url) {
    sent ??= sendSome(page.request, url);
    await sent;
    await page.goto(`${url}/inbox`);
    await page.locator('#connection .chip.ok').waitFor();
    await page.locator('#messages summary', { hasText: 'Timeline' }).first().click();
  },
  async playground(page, url) {
    await page.goto(url);
    await page.getByRole('button', { name: /^Works/ }).click();
    await page.getByRole('button', { name: /^Fill in code/ }).waitFor();
    await page.locator('#delivery-chip .chip.ok').waitFor();
    await page.evaluate(() => window.scrollTo(0, 0));
  },
};

let sent;

/** A few messages of different fates. */
async function sendSome(request, url) {
  const post = (path, data) => request.post(url + path, { data });
  const newest = async () => (await (await request.get(`${url}/inbox/messages`)).json()).messages[0].id;
  for (const phone of ['+33612345678', '+447400123456', '+4915112345678', '+12025550123']) {
    await post('/v1/verifications', { phone });
    const id = await newest();
    while ((await (await request.get(`${url}/inbox/messages/${id}`)).json()).status !== 'delivered');
    if (phone.startsWith('+49')) {
      await post(`/inbox/messages/${id}/status`, { status: 'undelivered', errorCode: 30007 });
    }
    if (phone.startsWith('+44')) await post(`/inbox/messages/${id}/reply`, { body: 'STOP' });
  }
}

checkNode();
try {
  await install();
  await build();
  await takeAll(await findChromium());
} catch (error) {
  stop(error.message);
}

async function takeAll(executablePath) {
  const { chromium } = await import('playwright-core');
  mkdirSync(IMAGES, { recursive: true });
  const demo = await startDemo();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    for (const [name, prepare] of Object.entries(PAGES)) {
      for (const [window, options] of Object.entries(WINDOWS)) {
        for (const colorScheme of SCHEMES) {
          const context = await browser.newContext({ ...options, colorScheme, reducedMotion: 'reduce' });
          const page = await context.newPage();
          await prepare(page, demo.url);
          const path = join(IMAGES, `${name}-${window}-${colorScheme}.png`);
          await page.screenshot({ path });
          await context.close();
        }
      }
    }
  } finally {
    await browser.close();
    await demo.stop();
  }
}

/** The built API in demo mode, in a folder that is gone afterwards. */
async function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), 'screenshots-'));
  const child = spawn(process.execPath, [join(root, 'dist', API)], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: process.env.PORT || '3199' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stopDemo = async () => {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = await new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const started = /"event":"started","url":"([^"]+)"/.exec(line);
      if (started) resolve(started[1]);
    });
    child.once('exit', () => resolve(undefined));
  });
  if (url) return { url, stop: stopDemo };
  await stopDemo();
  throw new Error('The demo does not start; is its port taken? PORT names another one.');
}
