import { TwilioSimulator } from '@app/twilio-simulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import twilio from 'twilio';
import {
  DESKTOP,
  eventually,
  expectAccessible,
  expectNoOverflow,
  expectTargetsLargeEnough,
  launchBrowser,
  openPage,
  PHONE,
  SCHEMES,
  type OpenedPage,
} from '../support/browser.js';
import { startCallbackReceiver, type CallbackReceiver } from '../support/callback-receiver.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const PATIENCE_MS = 10_000;
const INSPECTION_MS = 120_000;
const TO = '+12025550123';
const OTHER = '+447700900123';

let simulator: TwilioSimulator;
let browser: Browser;
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  simulator = await TwilioSimulator.start();
});
afterEach(async () => {
  await opened.close();
  await simulator.close();
  expect(opened.faults).toEqual([]);
});

async function open(path = '/inbox', options: BrowserContextOptions = {}): Promise<void> {
  opened = await openPage(browser, simulator.url + path, options, [409]);
  page = opened.page;
  page.setDefaultTimeout(PATIENCE_MS);
  if (options.javaScriptEnabled !== false) await see('Live');
}

const receive = (to: string, code: string) =>
  simulator.inbox.add({ to, from: simulator.phoneNumber, body: `Your code is: ${code}` });
const send = (to = TO, statusCallback?: string) => {
  const client = twilio(simulator.accountSid, simulator.authToken);
  client.api.baseUrl = simulator.url;
  return client.messages.create({
    to,
    from: simulator.phoneNumber,
    body: 'Your code is: 482913',
    statusCallback,
  });
};

const see = (text: string | RegExp) => page.getByText(text).first().waitFor();
const button = (name: string | RegExp) => page.getByRole('button', { name });
const cards = () => page.locator('#messages > li');
const card = (to: string) => cards().filter({ has: page.getByRole('heading', { name: to }) });
const summary = (within: Locator, text: string) => within.locator('summary', { hasText: text });
const expectPhones = (...phones: string[]) =>
  eventually(
    async () => (await page.locator('#messages .phone').allTextContents()).join(' '),
    phones.join(' '),
  );
const expectFocusOn = (selector: string) =>
  eventually(() => page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`), true);

describe('The inbox', () => {
  it('is a list without JavaScript too', async () => {
    receive(TO, '482913');
    receive(OTHER, '7741');
    await open('/inbox?text=482', { javaScriptEnabled: false });

    await see('482913');
    expect(await page.locator('#messages .phone').allTextContents()).toEqual([TO]);
    expect(await page.locator('button:visible').allTextContents()).toEqual(['Search']);
    await expectNoOverflow(page);
  });

  it('shows a message that is sent without a reload, newest first, and says so', async () => {
    receive(TO, '482913');
    await open();
    await send(OTHER);

    await expectPhones(OTHER, TO);
    await eventually(() => page.locator('#news').textContent(), `New message: To ${OTHER}`);
    expect(await page.locator('#count').textContent()).toBe('2 messages');
  });

  it('does not call an old message new, when it comes back or moves up into the list', async () => {
    receive(TO, '482913');
    const { id } = receive(OTHER, '7741');
    await open('/inbox?limit=1');
    simulator.inbox.delete(id);
    await expectPhones(TO);
    simulator.inbox.restore(id);
    await expectPhones(OTHER);

    expect(await page.locator('#news').textContent()).toBe('');
    expect(await page.locator('.arrived').count()).toBe(0);
  });

  it('says how to send a first message, with a command that works', async () => {
    await open();
    const command = (await page.locator('.empty pre').textContent())!;
    const [, url, type, body] = /^curl -s (\S+) -H '(.+): .+' -d '(.+)'$/.exec(command)!;
    expect(type).toBe('content-type');
    const answer = await fetch(url!, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });

    expect(answer.status).toBe(201);
    await expectPhones(TO);
    expect(await page.locator('.empty').count()).toBe(0);
  });

  it('copies a code with one press', async () => {
    receive(TO, '482913');
    await open('/inbox', { permissions: ['clipboard-read', 'clipboard-write'] });
    await button('Copy code 482913').click();

    await button('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('482913');
    expect(await page.locator('#news').textContent()).toBe('Copied');
  });

  it('shows HTML in a message as text, white space kept', async () => {
    const body = '<img src="http://elsewhere.example/x" onerror="alert(1)">\n  <b>4821</b>';
    await open();
    simulator.inbox.add({ to: TO, from: simulator.phoneNumber, body });

    await card(TO).waitFor();
    expect(await card(TO).locator('.body').textContent()).toBe(body);
    expect(await card(TO).locator('img, b').count()).toBe(0);
  });

  it('keeps what is open and focused when a message changes', async () => {
    const { id } = receive(TO, '482913');
    await open();
    await summary(card(TO), 'Timeline').click();
    await summary(card(TO), 'Timeline').focus();
    simulator.move(id, 'sent');

    await card(TO).locator('.timeline').getByText('Sent').waitFor();
    await expectFocusOn('.fold[open] > summary');
  });

  it('catches up after the connection was lost', async () => {
    const proxy = await TcpProxy.start(simulator.url);
    opened = await openPage(browser, `${proxy.url}inbox`);
    page = opened.page;
    await see('Live');
    proxy.refuse();
    await see('Reconnecting …');
    receive(TO, '482913');
    proxy.recover();

    await expectPhones(TO);
    await see('Live');
    await opened.close();
    await proxy.close();
    opened.faults.length = 0; // the browser reports each try that failed
  });
});

describe('A search', () => {
  beforeEach(() => {
    receive(TO, '482913');
    receive(OTHER, '7741');
  });

  it('is in the address, works while one types, and Back undoes it', async () => {
    await open();
    await page.getByLabel('Number').pressSequentially('7700 9');
    await expectPhones(OTHER);
    expect(page.url()).toBe(`${simulator.url}/inbox?to=7700+9`);

    receive(TO, '1111');
    receive('+447700911111', '2222');
    await expectPhones('+447700911111', OTHER);

    await page.goBack();
    await expectPhones('+447700911111', TO, OTHER, TO);
    expect(await page.getByLabel('Number').inputValue()).toBe('');
  });

  it('is applied by the server to an address that is opened', async () => {
    await open('/inbox?to=%2B1202&text=CODE');

    await expectPhones(TO);
    expect(await page.getByLabel('Number').inputValue()).toBe('+1202');
    expect(await page.getByLabel('Text').inputValue()).toBe('CODE');
  });

  it('that finds nothing says so, and leads back', async () => {
    await open();
    await page.getByLabel('Text').fill('no such text');
    await see('No message matches.');
    await page.getByRole('link', { name: 'Show all messages' }).click();

    await expectPhones(OTHER, TO);
  });
});

describe('Deleting', () => {
  it('takes one message out, and can be undone', async () => {
    receive(TO, '482913');
    receive(OTHER, '7741');
    await open();
    await card(TO)
      .getByRole('button', { name: /^Delete/ })
      .click();
    await expectPhones(OTHER);
    await expectFocusOn('#undo-button');
    await button('Undo').click();

    await expectPhones(OTHER, TO);
    expect(await button('Undo').count()).toBe(0);
  });

  it('takes all out, or all that a search finds, and can be undone', async () => {
    receive(TO, '482913');
    receive(OTHER, '7741');
    await open('/inbox?to=4477');
    await button('Delete these').click();
    await see('Deleted 1 message');
    expect(simulator.inbox.list()).toHaveLength(1);
    await button('Undo').click();
    await expectPhones(OTHER);

    await page.goto(`${simulator.url}/inbox`);
    await button('Delete all').click();
    await see('No messages yet.');
    await button('Undo').click();
    await expectPhones(OTHER, TO);
  });
});

describe('In place of phone and carrier', () => {
  let receiver: CallbackReceiver;
  beforeEach(async () => {
    receiver = await startCallbackReceiver();
    await send(TO, receiver.url);
    await open();
    await summary(card(TO), 'Actions').click();
  });
  afterEach(() => receiver.close());

  it('a message is marked as undelivered, and the timeline shows it with the answer to the callback', async () => {
    receiver.answers = [503];
    await page.getByLabel('because').selectOption('30007 filtered by the carrier');
    await button(/^Mark$/).click();

    await see('Marked as undelivered.');
    await summary(card(TO), 'Timeline').click();
    const last = card(TO).locator('.timeline li').last();
    await eventually(async () => (await last.textContent())?.includes('answered 503') ?? false, true);
    expect(await last.textContent()).toContain('Undelivered 30007');
    expect(receiver.received.at(-1)?.fields).toMatchObject({
      MessageStatus: 'undelivered',
      ErrorCode: '30007',
    });
  });

  it('an error code of one’s own is given, and a wrong one is refused where it was asked for', async () => {
    await page.getByLabel('Or it is').selectOption('failed');
    await page.getByLabel('because').selectOption('another error code');
    await page.getByRole('textbox', { name: 'Error code' }).fill('3000a');
    opened.faults.length = 0;
    await button(/^Mark$/).click();
    await card(TO).locator('[data-result]').getByText('errorCode must be an integer').waitFor();
    expect(opened.faults.splice(0)).toEqual([expect.stringContaining('400')]);

    await page.getByRole('textbox', { name: 'Error code' }).fill('30034');
    await button(/^Mark$/).click();
    await card(TO).locator('.head').getByText('Failed 30034').waitFor();
  });

  it('the callback is sent again, and its answer told', async () => {
    await eventually(async () => receiver.received.length, 0);
    receiver.answers = [418];
    await button('Send the callback again').click();

    await see('Sent, and answered with 418.');
    expect(receiver.statuses()).toEqual(['queued']);
  });

  it('a callback without an address is refused where it was asked for', async () => {
    receive(OTHER, '7741');
    await summary(card(OTHER), 'Actions').click();
    await card(OTHER).getByRole('button', { name: 'Send the callback again' }).click();

    await card(OTHER).getByText('gave no address for callbacks').waitFor();
  });

  it('a phone replies STOP and takes no more, and START and takes them again', async () => {
    await button('Reply STOP').click();
    await see(`Reply from ${TO}`);
    await expect(send()).rejects.toMatchObject({ code: 21610 });

    await button('Reply START').click();
    await see('The phone replied START');
    expect((await send()).errorCode).toBeNull();
  });

  it('a STOP is taken back from its own card, which offers nothing that a phone cannot do', async () => {
    await button('Reply STOP').click();
    const stop = cards().filter({ has: page.getByText('Reply from') });
    await summary(stop, 'Actions').click();
    const offers = () => stop.locator('.menu-content button').allTextContents();
    await eventually(() => offers().then(String), 'Reply STOP,Reply START');
    await stop.getByRole('button', { name: 'Reply START' }).click();
    await see('The phone replied START');

    expect((await send()).errorCode).toBeNull();
    await eventually(() => page.locator('.inbound .body').allTextContents().then(String), 'START,STOP');
  });

  it('everything is done with the keyboard alone', async () => {
    await page.keyboard.press('Escape');
    await expectFocusOn('[data-menu]:not([open]) > summary');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await see('Marked as delivered.');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await expectFocusOn('[data-delete]');
    await page.keyboard.press('Enter');
    await expectFocusOn('#undo-button');
    await page.keyboard.press('Enter');
    await expectPhones(TO);
    await page.keyboard.press('/');
    await expectFocusOn('#search-to');
    await page.keyboard.type('/');
    await see('A number has digits only.');
  });

  it('the shortcut can be switched off, and stays so', async () => {
    await page.getByLabel('to search').uncheck();
    await page.reload();
    await see('Live');
    await page.keyboard.press('/');

    await expectFocusOn('body');
    expect(await page.getByLabel('to search').isChecked()).toBe(false);
  });
});

describe('What goes wrong', () => {
  it('is chosen, shown until it has happened, and reset', async () => {
    await open();
    await button(/^500, but sent/).click();
    await see('1 to come');
    expect(await page.locator('#pending').textContent()).toBe('500, but sent');
    await expect(send()).rejects.toMatchObject({ status: 500 });
    await expectPhones(TO);
    await see('Requests are answered as Twilio would.');

    await page.getByLabel('It happens to').selectOption('every request for a minute');
    await button(/^429/).click();
    await see(/^429, every request until/);
    await expect(send()).rejects.toMatchObject({ status: 429 });
    await button(/^Reset$/).click();
    await see('Nothing goes wrong any more.');
    expect((await send()).status).toBe('queued');
  });

  it('is how callbacks come', async () => {
    await open();
    await page.getByLabel('Status callbacks come').selectOption('twice');
    await see('Callbacks differ');

    expect(simulator.callbacks.mode).toBe('duplicated');
  });
});

describe('To everybody', () => {
  it.each(SCHEMES)(
    'it is accessible and fits, from phone to desktop, with all open, in the %s theme',
    async (colorScheme) => {
      await open('/inbox', { colorScheme, viewport: PHONE });
      await expectAccessible(page);
      const { id } = receive(TO, '482913');
      simulator.move(id, 'undelivered', 30005);
      simulator.inbox.messaging.reply(simulator.inbox.find(id)!, 'STOP');
      await send(OTHER);
      await page.locator('#panel > summary').click();
      await summary(card(TO).last(), 'Timeline').click(); // of the message, below the reply
      await button(/^500, but sent/).click();
      await card(OTHER)
        .getByRole('button', { name: /^Delete/ })
        .click();
      await button('Undo').click();
      await card(OTHER).waitFor();
      await summary(card(OTHER), 'Actions').click();
      await button('Send the callback again').click();
      await see('gave no address');

      await expectAccessible(page);
      await expectNoOverflow(page);
      await page.setViewportSize(DESKTOP);
      await expectNoOverflow(page);
      await expectAccessible(page);
      await expectTargetsLargeEnough(page);
    },
    INSPECTION_MS,
  );
});
