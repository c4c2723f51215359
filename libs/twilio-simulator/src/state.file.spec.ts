import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { temporaryFolder } from '../../../test/support/stores.js';
import { ManualClock } from './clock.js';
import { FolderInUseError } from './folder.lock.js';
import { TwilioSimulator, type TwilioSimulatorOptions } from './twilio.simulator.js';

const to = '+12025550123';
const from = '+15005550006';
const body = 'Your verification code is: 482913';
const DAY_MS = 24 * 60 * 60 * 1000;

type Fields = Record<string, unknown>;

interface KeptState extends Fields {
  messages: (Fields & { timeline: Fields[] })[];
  optOuts: Fields[];
}

describe('a simulator with a folder', () => {
  let folder: string;
  let clock: ManualClock;
  let simulator: TwilioSimulator;

  beforeEach(async () => {
    folder = await temporaryFolder();
    clock = new ManualClock();
    await start();
  });
  afterEach(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  async function start(options: TwilioSimulatorOptions = {}): Promise<void> {
    simulator = await TwilioSimulator.start({ folder, clock, ...options });
  }

  async function restart(options?: TwilioSimulatorOptions): Promise<void> {
    await simulator.close();
    await start(options);
  }

  function connect(): twilio.Twilio {
    const client = twilio(simulator.accountSid, simulator.authToken);
    client.api.baseUrl = simulator.url;
    return client;
  }

  const send = async () => (await connect().messages.create({ to, from, body })).sid;
  const file = () => join(folder, 'simulator.json');
  const kept = async () =>
    JSON.parse(await readFile(file(), 'utf8')) as { messages: { sid: string }[]; optOuts: object[] };

  it('still knows account, messages and what became of them after a restart', async () => {
    const { accountSid, authToken } = simulator;
    const sid = await send();
    simulator.move(sid, 'undelivered', 30005);
    const before = [simulator.inbox.list(), (await connect().messages(sid).fetch()).toJSON()];
    await restart();

    expect(simulator).toMatchObject({ accountSid, authToken, damagedStatePath: undefined });
    expect([simulator.inbox.list(), (await connect().messages(sid).fetch()).toJSON()]).toEqual(before);
  });

  it('still knows which phone has opted out of which sender, and what was deleted', async () => {
    const sid = await send();
    simulator.inbox.messaging.reply(simulator.inbox.find(sid)!, 'STOP');
    simulator.inbox.delete(sid);
    await restart();

    await expect(send()).rejects.toMatchObject({ code: 21610 });
    expect(simulator.inbox.list()).toMatchObject([{ direction: 'inbound', body: 'STOP' }]);
    expect(simulator.inbox.restore(sid)?.id).toBe(sid);
  });

  it('keeps that an opt-out was lifted', async () => {
    simulator.inbox.messaging.reply(simulator.inbox.find(await send())!, 'STOP');
    await restart();
    simulator.optOuts.remove(from, to);
    clock.advance(200);
    while ((await kept()).optOuts.length > 0) await new Promise((resolve) => setImmediate(resolve));

    expect((await kept()).optOuts).toEqual([]);
  });

  it('moves on what was under way', async () => {
    const sid = await send();
    await restart({ delivery: { stepMs: 700 } });
    clock.advance(3 * 700);

    expect(simulator.inbox.get(sid)?.status).toBe('delivered');
  });

  it('forgets messages of more than 7 days, also while it is not running', async () => {
    await send();
    await simulator.close();
    clock.advance(7 * DAY_MS + 1);
    await start();

    expect(simulator.inbox.list()).toEqual([]);
  });

  it('takes the credentials that it is given rather than those it kept', async () => {
    await restart({ authToken: 'given' });

    expect(simulator.authToken).toBe('given');
    expect(await send()).toMatch(/^SM/);
  });

  it('keeps the credentials it made up, and never those it is given', async () => {
    const { accountSid, authToken } = simulator;
    await restart({ accountSid: `AC${'c'.repeat(32)}`, authToken: 'given' });
    await simulator.close();
    expect(await readFile(file(), 'utf8')).not.toMatch(/given|cccc/);
    await start();

    expect(simulator).toMatchObject({ accountSid, authToken });
  });

  it('no longer keeps a given token that is in the file', async () => {
    const { authToken } = simulator;
    await restart({ authToken });

    expect(await readFile(file(), 'utf8')).not.toContain(authToken);
  });

  it('writes within 200 ms, not at every change, in a file for its owner alone', async () => {
    const sids = [await send(), await send()];
    clock.advance(199);
    expect((await kept()).messages).toEqual([]);
    clock.advance(1);
    await simulator.close();

    expect((await kept()).messages.map(({ sid }) => sid)).toEqual(sids);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['simulator.json']);
  });

  it('writes without being closed', async () => {
    const sid = await send();
    clock.advance(200);
    while ((await kept()).messages.length === 0) await new Promise((resolve) => setImmediate(resolve));

    expect((await kept()).messages).toMatchObject([{ sid }]);
  });

  it('leaves the file alone once it is closed', async () => {
    const sid = await send();
    const record = simulator.inbox.find(sid)!;
    const earlier = simulator;
    await restart();
    const written = await readFile(file(), 'utf8');
    earlier.inbox.messaging.messages.move(record, 'failed');
    clock.advance(1000);
    await earlier.close();

    expect(await readFile(file(), 'utf8')).toBe(written);
  });

  it.each([
    '',
    '{"version":1',
    '{"version":2}',
    '{"version":1,"accountSid":"AC","authToken":"a","createdAt":"b","optOuts":[],"messages":[{}]}',
  ])('moves a file aside that it cannot read, and starts empty: %j', async (content) => {
    await simulator.close();
    await writeFile(file(), content);
    await start();

    expect(simulator.inbox.list()).toEqual([]);
    expect(simulator.damagedStatePath).toMatch(/simulator\.json\.damaged-\d+$/);
    expect(await readFile(simulator.damagedStatePath!, 'utf8')).toBe(content);
    expect(await send()).toMatch(/^SM/);
  });

  it('does not start with the folder of another one, which goes on undisturbed', async () => {
    const other = TwilioSimulator.start({ folder, clock });
    await expect(other).rejects.toThrow(FolderInUseError);
    await expect(other).rejects.toThrow(
      `(process ${process.pid}) keeps its state in ${folder}. Stop it or use`,
    );

    const sid = await send();
    await restart();
    expect(simulator.inbox.list()).toMatchObject([{ id: sid }]);
  });

  it('does not start while another process has the folder', async () => {
    await simulator.close();
    await writeFile(join(folder, 'simulator.lock'), `${process.ppid}\n`);

    await expect(start()).rejects.toMatchObject({ folder, processId: process.ppid });
  });

  it.each([
    ['has ended', spawnSync(process.execPath, ['--version']).pid],
    ['had the same id, before the container was started again', process.pid],
  ])('takes over the folder of a process that %s', async (_what, processId) => {
    await simulator.close();
    await writeFile(join(folder, 'simulator.lock'), `${processId}\n`);
    await writeFile(`${file()}.${processId}.new`, '{"version":1');
    await start();
    await simulator.close();

    expect(await readdir(folder)).toEqual(['simulator.json']);
  });

  it.each<[string, (state: KeptState) => void]>([
    ['a status that is none', ({ messages }) => (messages[0]!.status = 'flying')],
    ['a status in a timeline that is none', ({ messages }) => (messages[0]!.timeline[0]!.status = 'flying')],
    ['a time that is none', ({ messages }) => (messages[0]!.createdAt = 'yesterday')],
    ['an address that is none', ({ messages }) => (messages[0]!.statusCallback = 'nowhere')],
    ['a callback mode that is none', ({ messages }) => (messages[0]!.callbackMode = 'louder')],
    ['a message without a field', ({ messages }) => delete messages[0]!.hiddenAt],
    ['a callback without an answer', ({ messages }) => (messages[0]!.timeline[0]!.callback = {})],
    ['an opt-out without a time', ({ optOuts }) => delete optOuts[0]!.since],
    ['an empty token', (state) => (state.authToken = '')],
  ])('moves a file aside that somebody gave %s', async (_what, edit) => {
    simulator.inbox.messaging.reply(simulator.inbox.find(await send())!, 'STOP');
    await simulator.close();
    const state = JSON.parse(await readFile(file(), 'utf8')) as KeptState;
    edit(state);
    await writeFile(file(), JSON.stringify(state));
    await start();

    expect(simulator.damagedStatePath).toMatch(/simulator\.json\.damaged-\d+$/);
    expect((await fetch(`${simulator.url}/inbox`)).status).toBe(200);
  });

  it('gives port and folder back when it cannot start', async () => {
    const { url } = simulator;
    const port = Number(new URL(url).port);
    const other = await TwilioSimulator.start();
    await simulator.close();
    await expect(start({ port: Number(new URL(other.url).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await other.close();
    const unfinished = `${file()}.${process.pid}.new`;
    await mkdir(unfinished);
    await expect(start({ port })).rejects.toMatchObject({ code: 'EISDIR' });
    await rm(unfinished, { recursive: true });
    await start({ port });

    expect(simulator.url).toBe(url);
  });

  it('does not start with a folder that cannot be one', async () => {
    await expect(TwilioSimulator.start({ folder: join(file(), 'below') })).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
  });
});
