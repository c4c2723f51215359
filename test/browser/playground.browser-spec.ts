import { SMS_FAILURE_TEXTS } from '@app/sms';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { codeFor, wrongCode } from '../support/api.js';
import {
  DESKTOP,
  eventually,
  expectAccessible,
  expectNoOverflow,
  expectTargetsLargeEnough,
  launchBrowser,
  openPage,
  PHONE,
  type OpenedPage,
} from '../support/browser.js';
import { startDemo, type RunningDemo } from '../support/demo.js';
import { newPhone } from '../support/stores.js';

/** Refusals that the tests provoke; any other failed request is a fault of the page. */
const REFUSALS = [400, 401, 422, 429, 502];
const PATIENCE_MS = 10_000;
/** axe looks at every element, in each step. */
const INSPECTION_MS = 120_000;

/** By then a page has handled what came before. */
const NEXT_TURN = 'new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))';
const WALKS = [
  [PHONE.width, 'light', PHONE],
  [DESKTOP.width, 'dark', DESKTOP],
] as const;

let demo: RunningDemo;
let browser: Browser;
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await demo.close();
});
beforeEach(() => open());
afterEach(async () => {
  await opened.close();
  expect(opened.faults).toEqual([]);
});

async function open(options: BrowserContextOptions = {}, url = demo.url): Promise<void> {
  await opened?.close();
  opened = await openPage(browser, url, options, REFUSALS);
  page = opened.page;
  page.setDefaultTimeout(PATIENCE_MS);
}

const number = () => page.getByLabel('Phone number');
const code = () => page.getByLabel('Code from the message');
const button = (name: string | RegExp) => page.getByRole('button', { name });
const see = (text: string | RegExp) => page.getByText(text).first().waitFor();
const seeVerified = () => page.getByRole('heading', { name: 'Number verified' }).waitFor();
const country = () => page.getByLabel('Country').inputValue();

/** Sends a code to a number that no other test uses, and waits for its message to be shown. */
async function sendCode(): Promise<string> {
  const phone = newPhone();
  await number().fill(phone);
  await button('Send code').click();
  await page.locator('.message').getByText(phone).waitFor();
  await code().waitFor();
  return phone;
}

/** How often the page asks how far a message got, from now on. */
function countLooks(): () => number {
  let count = 0;
  page.on('request', (asked) => (count += asked.method() === 'GET' && asked.url().includes('/v1/') ? 1 : 0));
  return () => count;
}

/** What stands in the field for the number. */
const expectValue = (value: string) => eventually(() => number().inputValue(), value);

describe('A number', () => {
  it('is formatted while it is typed, and shown as it will be sent', async () => {
    await number().pressSequentially('2025550123');
    await see('E.164: +12025550123');
    await expectValue('(202) 555-0123');
  });

  it('is read in the country that was chosen, which is remembered', async () => {
    await page.getByLabel('Country').selectOption('GB');
    await number().pressSequentially('07400123456');
    await see('E.164: +447400123456');
    await expectValue('07400 123456');
    await page.reload();
    expect(await country()).toBe('GB');
  });

  it('names its country when it is international', async () => {
    await number().fill('+44 7400 123456');
    await see('E.164: +447400123456');
    expect(await country()).toBe('GB');
    await expectValue('07400 123456');
  });

  it('can be corrected in the middle, and the caret stays', async () => {
    await number().pressSequentially('2025550123');
    await expectValue('(202) 555-0123');
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Backspace']) {
      await page.keyboard.press(key);
    }
    await see('E.164: +1225550123');
    await page.keyboard.type('1');
    await expectValue('(212) 555-0123');
    await page.keyboard.press('Backspace');
    await see('E.164: +1225550123');
  });

  it('loses a separator that was deleted', async () => {
    await number().pressSequentially('202');
    await expectValue('(202)');
    await page.keyboard.press('Backspace');
    await page.waitForResponse('**/playground/number');
    await expectValue('(202');
  });

  it('is not overwritten by an answer that comes late', async () => {
    let answerFirst = (): void => {};
    const first = new Promise<void>((resolve) => (answerFirst = resolve));
    await page.route('**/playground/number', async (route) => {
      if (route.request().postDataJSON().text === '202') await first;
      await route.continue();
    });
    const asked = page.waitForRequest('**/playground/number');
    await number().pressSequentially('202');
    await asked;
    await number().pressSequentially('5550123');
    await expectValue('(202) 555-0123');
    const late = page.waitForResponse((answer) => answer.request().postDataJSON()?.text === '202');
    answerFirst();
    await (await late).finished();
    await page.evaluate(NEXT_TURN);
    await expectValue('(202) 555-0123');
  });

  it('is refused in the words of the API when it is none', async () => {
    await number().fill('12');
    await button('Send code').click();
    await see('PHONE_FORMAT_ERROR');
    expect(await number().getAttribute('aria-invalid')).toBe('true');
  });
});

describe('A code', () => {
  it('arrives in the inbox of the page by itself, and verifies the number when it is filled in', async () => {
    const phone = await sendCode();
    await page.locator('.message').getByText('Delivered').first().waitFor();
    await page.locator('#delivery').getByText('The message was delivered.').waitFor();
    await button(`Fill in code ${codeFor(demo.simulator, phone)}`).click();
    await seeVerified();
    const claims: unknown = JSON.parse((await page.locator('#claims').textContent())!);
    expect(claims).toMatchObject({ sub: phone, purpose: 'register' });
    await see(/It is valid for (10:00|9:5\d)/);
  });

  it('keeps the focus on its message while that moves on', async () => {
    const sent = codeFor(demo.simulator, await sendCode());
    await button(`Copy code ${sent}`).focus();
    await page.locator('.message').getByText('Delivered').first().waitFor();
    await page.locator('.message button:focus').getByText('Copy code').waitFor();
  });

  it.each([
    ['with a space', (sent: string) => `${sent.slice(0, 3)} ${sent.slice(3)}`],
    ['with its message', (sent: string) => `Your verification code is: ${sent}.`],
    [
      'in full-width digits',
      (sent: string) => sent.replaceAll(/\d/g, (d) => String.fromCodePoint(0xff10 + +d)),
    ],
  ])('checks by itself when it is pasted %s', async (_how, spelling) => {
    const sent = codeFor(demo.simulator, await sendCode());
    await code().fill(spelling(sent));
    await seeVerified();
  });

  it('that is wrong says how many attempts are left, and the right one still works', async () => {
    const sent = codeFor(demo.simulator, await sendCode());
    await code().fill(wrongCode(sent));
    await see('The code is wrong. Check it and try again.');
    await see('SMS_CODE_ERROR');
    await see('4 attempts left.');
    await code().fill(sent);
    await seeVerified();
  });

  it('can be sent again after the wait, and the new one is accepted', async () => {
    const other = await startDemo({ SERVER_SMS_COOLDOWN_SECONDS: '2' });
    try {
      await open({}, other.url);
      const phone = await sendCode();
      await see(/^Resend in 0:0[12]$/);
      await button('Resend code').click();
      await eventually(() => page.locator('.message').getByText(phone).count(), 2);
      await see(/^Resend in 0:0[12]$/);
      await code().fill(codeFor(other.simulator, phone));
      await seeVerified();
    } finally {
      await opened.close();
      await other.close();
    }
  });

  it('cannot be sent again before the API allows it, whatever the clock of the page says', async () => {
    await page.clock.install();
    await sendCode();
    const resend = button(/^Resend/);
    expect(await resend.textContent()).toMatch(/^Resend in (1:00|0:5\d)$/);
    expect(await resend.getAttribute('aria-disabled')).toBe('true');
    await page.clock.fastForward(61_000);
    await button('Resend code').click();
    // The clock of the API goes on as before: it refuses, and says how long to wait.
    await see('SMS_SEND_TOO_FREQUENTLY');
    await see(/^Resend in 0:\d\d$/);
    await see(/^retry-after: \d+$/m);
  });

  it('tells how long it is valid', async () => {
    await page.clock.install();
    await sendCode();
    await see(/The code is valid for (10:00|9:5\d)/);
    await page.clock.fastForward(601_000);
    await see('The code has expired.');
  });
});

describe('A sample number', () => {
  it.each([
    ['Does not exist', SMS_FAILURE_TEXTS.invalid_number, 'SMS_SEND_FAILED · invalid_number'],
    ['Opted out', SMS_FAILURE_TEXTS.opted_out, 'SMS_SEND_FAILED · opted_out'],
    ['No permission', SMS_FAILURE_TEXTS.region_not_enabled, 'SMS_SEND_FAILED · region_not_enabled'],
  ])('"%s" fails in the words of the API', async (sample, detail, names) => {
    await button(new RegExp(`^${sample}`)).click();
    const result = page.locator('#result');
    await result.getByText(detail).waitFor();
    await result.getByText(names).waitFor();
  });

  it('"Slow" takes its time and gets a code that works', async () => {
    await button(/^Slow/).click();
    await code().waitFor();
    await button(/^Fill in code/).click();
    await seeVerified();
  });

  it('"Carrier fails" tells what became of its message, without a reload', async () => {
    await button(/^Carrier fails/).click();
    const delivery = page.locator('#delivery');
    await delivery.getByText('Undelivered').waitFor();
    await delivery.getByText('This number is unknown or not in service.').waitFor();
    await page.locator('.message').getByText('Undelivered').waitFor();
  });

  it('"Works" works again and again, with another number each time', async () => {
    const phones = new Set<string>();
    for (let time = 1; time <= 3; time++) {
      await button(/^Works/).click();
      await button(/^Fill in code/).click();
      await seeVerified();
      phones.add((await page.locator('#verified-phone').textContent())!);
      await button('Verify another number').click();
    }
    expect(phones.size).toBe(3);
  });
});

describe('The newest messages', () => {
  const receive = () =>
    demo.simulator.inbox.add({ to: newPhone(), from: demo.simulator.phoneNumber, body: 'Hello' });
  const expectShown = (...messages: { to: string }[]) =>
    eventually(
      async () => (await page.locator('.message .head .mono').allTextContents()).join(' '),
      messages.map(({ to }) => to).join(' '),
    );

  it.each([
    ['one after another', 1],
    ['in one moment', 0],
  ])(
    'that came %s stay in order when one is deleted and comes back, which is not announced',
    async (_, apartMs) => {
      let time = Date.now();
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => (time += apartMs));
      const [oldest, older, old, newest] = [receive(), receive(), receive(), receive()];
      clock.mockRestore();
      await open();
      await expectShown(newest!, old!, older!);
      for (const act of ['delete', 'restore'] as const) {
        const listed = page.waitForResponse('**/inbox/messages');
        demo.simulator.inbox[act](oldest!.id);
        await (await listed).finished();
        await page.evaluate(NEXT_TURN);
        await expectShown(newest!, old!, older!);
      }
      demo.simulator.inbox.delete(newest!.id);
      await expectShown(old!, older!, oldest!);
      demo.simulator.inbox.restore(newest!.id);
      await expectShown(newest!, old!, older!);
      expect(await page.locator('#inbox-news').textContent()).toBe('');

      const next = receive();
      await expectShown(next, newest!, old!);
      expect(await page.locator('#inbox-news').textContent()).toBe(`New message to ${next.to}: Hello`);
    },
  );

  it('are not overwritten by a list that comes late', async () => {
    const [older, old, gone] = [receive(), receive(), receive()];
    await open();
    await expectShown(gone!, old!, older!);
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    let tellListed = (): void => {};
    const listed = new Promise<void>((resolve) => (tellListed = resolve));
    await page.route('**/inbox/messages', async (route) => {
      const response = await route.fetch();
      tellListed();
      await held;
      await route.fulfill({ response });
    });
    demo.simulator.inbox.delete(gone!.id);
    await listed;
    const newest = receive();
    await page.locator('.message').getByText(newest.to).waitFor();
    const late = page.waitForResponse('**/inbox/messages');
    answer();
    await (await late).finished();
    await page.evaluate(NEXT_TURN);
    expect(await page.locator('.message').getByText(newest.to).count()).toBe(1);
    await expectShown(newest, old!, older!);
  });
});

describe('The page', () => {
  it('needs no mouse', async () => {
    await number().focus();
    const phone = newPhone();
    await page.keyboard.type(phone);
    await page.keyboard.press('Enter');
    await page.locator('.message').getByText(phone).waitFor();
    await page.locator('#code:focus').waitFor();
    expect(await code().getAttribute('aria-describedby')).toContain('code-hint');
    await see('It has 6 digits, and is checked as soon as the last one is entered.');
    await page.keyboard.type(codeFor(demo.simulator, phone));
    await seeVerified();
    await page.locator('#done-title:focus').waitFor();
  });

  it('goes on after a reload where it was, and keeps a token no longer than it lives', async () => {
    const phone = await sendCode();
    await page.reload();
    await page.locator('#sent-to').getByText(phone).waitFor();
    await code().fill(codeFor(demo.simulator, phone));
    await seeVerified();
    const token = (await page.locator('#token').textContent())!;
    await page.reload();
    await page.locator('#token').getByText(token).waitFor();

    const stored = () => page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })');
    expect(await stored()).toContain(token);
    await page.clock.install({ time: Date.now() + 601_000 });
    await page.reload();
    await number().waitFor();
    expect(await stored()).not.toContain(token);
  });

  it('shows each request as curl, and its answer', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await button(/^Opted out/).click();
    await see('422 Unprocessable Entity');
    await see(/^x-request-id: [\w-]{36}$/m);
    await button('Copy the request as curl').click();
    await button('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      [
        `curl -i ${demo.url}/v1/verifications`,
        `-H 'content-type: application/json'`,
        `-d '{"phone":"+15005550004","purpose":"register"}'`,
      ].join(' \\\n  '),
    );
  });

  it.each(WALKS)(
    'at %i pixels in the %s theme: sends, shows the message, copies its code and verifies; accessible in each step',
    async (_width, colorScheme, viewport) => {
      await open({
        colorScheme,
        viewport,
        reducedMotion: 'reduce',
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      let loads = 0;
      page.on('load', () => (loads += 1));
      const inspect = async (): Promise<void> => {
        await expectAccessible(page);
        await expectNoOverflow(page);
        await expectTargetsLargeEnough(page);
      };
      await button(/^Does not exist/).click();
      await see('SMS_SEND_FAILED · invalid_number');
      await inspect();

      const sent = codeFor(demo.simulator, await sendCode());
      await code().fill(wrongCode(sent));
      await see('SMS_CODE_ERROR');
      await inspect();

      await button(`Copy code ${sent}`).click();
      await button('Copied').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(sent);
      await code().focus();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.press('ControlOrMeta+V');
      await seeVerified();
      await inspect();
      expect(loads).toBe(0);
    },
    INSPECTION_MS,
  );

  it('shows a message as text, whatever is in it', async () => {
    const other = await startDemo({ TWILIO_SMS_TEMPLATE_MESSAGE: '<img src=x onerror=alert(1)>%s' });
    try {
      await open({}, other.url);
      const phone = await sendCode();
      await see(`<img src=x onerror=alert(1)>${codeFor(other.simulator, phone)}`);
      expect(await page.locator('img').count()).toBe(0);
    } finally {
      await opened.close();
      await other.close();
    }
  });

  it('asks for the API key where one is needed, also after a reload, and shows it nowhere', async () => {
    const key = 'the-key-of-the-back-end-that-calls';
    const other = await startDemo({ SERVER_API_KEY: key });
    try {
      await open({}, other.url);
      await page.clock.install();
      await button(/^Works/).click();
      await see('UNAUTHORIZED');
      await page.getByLabel('API key').fill(key);
      await button(/^Works/).click();
      await code().waitFor();
      await page.reload();
      await page.locator('#delivery').getByText('Not allowed to ask').waitFor();
      const looks = countLooks();
      await page.clock.fastForward(60_000);
      await button(/^Fill in code/).click();
      await see('UNAUTHORIZED');
      await page.locator('#api-key[aria-invalid]:focus').waitFor();
      expect(looks()).toBe(0);
      await page.getByLabel('API key').fill(key);
      await page.keyboard.press('Enter');
      await seeVerified();
      await page.locator('#delivery-chip').getByText('Delivered').waitFor();
      expect(await page.locator('#exchanges').textContent()).not.toContain(key);
      expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain(
        key,
      );
    } finally {
      await opened.close();
      await other.close();
    }
  });

  it('names the API key in the commands where one is needed', async () => {
    const other = await startDemo({ SERVER_API_KEY: 'the-key-of-the-back-end-that-calls' });
    try {
      const commandsOf = async (path: string) =>
        (await (await fetch(other.url + path)).text())
          .match(/curl -s \S+\/v1.*/g)
          ?.map((line) => /authorization: Bearer YOUR_KEY/.test(line));
      expect(await commandsOf('/')).toEqual([true, true]);
      expect(await commandsOf('/inbox')).toEqual([true, true]); // shown, and to be copied
    } finally {
      await other.close();
    }
  });

  it('says how to go on without JavaScript', async () => {
    await open({ javaScriptEnabled: false });
    const shown = page.locator('noscript pre');
    await shown.waitFor();
    expect(await shown.textContent()).toContain(`curl -s ${demo.url}/v1/verifications`);
  });
});
