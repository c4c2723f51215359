import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment } from '../support/api.js';
import { ApiProcess, patch, preload } from '../support/process.js';
import { newPhone, temporaryFolder } from '../support/stores.js';

interface Account {
  readonly description: unknown;
  readonly kinds: ReadonlySet<string>;
}

describe('The bundle', () => {
  let simulator: TwilioSimulator;
  let folder: string;
  beforeAll(async () => {
    simulator = await TwilioSimulator.start();
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  /** What it says of itself, and the kinds of lines that it logs from its start to its end. */
  async function account(options: Record<string, string>): Promise<Account> {
    const environment = await apiEnvironment(simulator, 'embedded', { LOG_LEVEL: 'trace', ...options });
    const api = await ApiProcess.start(environment, folder);
    expect(await api.send(newPhone())).toMatchObject({ status: 201 });
    const { body: description } = await api.get('/openapi.json');
    await api.stop();
    return { description, kinds: new Set(api.output().split('\n').map(kindOf)) };
  }

  function kindOf(line: string): string {
    const { level, context, event, msg } = JSON.parse(line) as Record<string, unknown>;
    return [level, context, event ?? msg].join(' ');
  }

  it('describes itself and logs as the files do that it is made of', async () => {
    const files = await account({ NODE_OPTIONS: patch('nothing') });
    const bundle = await account({});
    expect(files.kinds.size).toBeGreaterThan(5);
    expect(bundle).toEqual(files);
  });

  it('hides DEBUG from the packages that stay outside of it, too', async () => {
    const options = { DEBUG: '*', NODE_OPTIONS: preload('tell-debug') };
    const api = await ApiProcess.start(await apiEnvironment(simulator, 'embedded', options), folder);
    await api.stop();
    expect(api.output()).toContain('with DEBUG=undefined');
    expect(api.output()).not.toContain('with DEBUG=*');
  });
});
