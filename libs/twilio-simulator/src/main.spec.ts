import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { blocksRunIn, root } from '../../../test/support/documents.js';
import { temporaryFolder } from '../../../test/support/stores.js';

const MAIN = fileURLToPath(new URL('../../../dist/libs/twilio-simulator/src/main.js', import.meta.url));
const ACCOUNT_SID = `AC${'a'.repeat(32)}`;
const API_KEY_SID = `SK${'b'.repeat(32)}`;

describe('npm run simulator', () => {
  let folder: string;
  let children: ChildProcess[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map(stop));
    await rm(folder, { recursive: true });
  });

  /** Resolves when it has started, or ended. */
  async function run(environment: Record<string, string> = {}, program = MAIN) {
    const child = spawn(process.execPath, [program], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const output = { printed: '', warned: '' };
    child.stderr.on('data', (chunk: Buffer) => (output.warned += chunk.toString()));
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.stdout.on('data', (chunk: Buffer) => {
        output.printed += chunk.toString();
        if (output.printed.includes('Messages are moved')) resolve();
      });
    });
    return { ...output, exitCode: child.exitCode, child, url: /API +(\S+)/.exec(output.printed)?.[1] };
  }

  async function stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill();
    await once(child, 'exit');
  }

  it('starts as the documentation says, and says how to use it', async () => {
    const [{ text }] = blocksRunIn('libs/twilio-simulator/src/main.spec.ts').get('docs/simulator.md')!;
    const script = /^npm run ([\w:-]+)/.exec(text)![1];
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const { printed, warned } = await run({}, join(root, scripts[script].replace(/^node /, '')));

    expect(printed).toMatch(
      /TWILIO_SMS_BASE_URL=http:\/\/127\.0\.0\.1:\d+\n +TWILIO_SMS_ACCOUNT_SID=AC[0-9a-f]{32}\n/,
    );
    expect(warned).toBe('');
  });

  it('does not run in production', async () => {
    const { exitCode, printed, warned } = await run({ NODE_ENV: 'production' });

    expect({ exitCode, printed }).toEqual({ exitCode: 78, printed: '' });
    expect(warned).toMatch(/^The simulator shows every code, so it does not run with NODE_ENV=production\n$/);
  });

  it.each([
    [{ PORT: '65536' }, 'PORT must be an integer from 0 to 65535\n'],
    [
      { TWILIO_SMS_API_KEY_SID: API_KEY_SID },
      'TWILIO_SMS_API_KEY_SID and TWILIO_SMS_API_KEY_SECRET go together\n',
    ],
  ])('does not start with %j', async (environment, reason) => {
    expect(await run(environment)).toMatchObject({ exitCode: 78, printed: '', warned: reason });
  });

  it('says in one line that another one has its folder', async () => {
    const { child } = await run();
    const { exitCode, warned } = await run();

    expect(exitCode).toBe(1);
    expect(warned).toMatch(
      new RegExp(
        `^The simulator did not start: Another simulator \\(process ${child.pid}\\) keeps its state in .+\\n$`,
      ),
    );
  });

  it('warns when a network can see the codes', async () => {
    const { warned } = await run({ HOST: '0.0.0.0' });

    expect(warned).toBe('HOST is 0.0.0.0, so the simulator shows every code to that network\n');
  });

  it('takes credentials from the environment, and keeps none of them', async () => {
    const { url, child, printed } = await run({
      TWILIO_SMS_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_SMS_AUTH_TOKEN: 'given token',
      TWILIO_SMS_API_KEY_SID: API_KEY_SID,
      TWILIO_SMS_API_KEY_SECRET: 'given secret',
    });
    const listMessages = async (user: string, password: string) => {
      const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
      return (
        await fetch(`${url}/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`, { headers: { authorization } })
      ).status;
    };
    expect(await listMessages(ACCOUNT_SID, 'given token')).toBe(200);
    expect(await listMessages(API_KEY_SID, 'given secret')).toBe(200);
    expect(await listMessages(API_KEY_SID, 'given token')).toBe(401);
    await stop(child);

    const kept = await readFile(join(folder, 'data/standalone-simulator/simulator.json'), 'utf8');
    expect(kept + printed).not.toMatch(/given token|given secret/);
  });
});
