import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { startDemo, type RunningDemo } from '../support/demo.js';
import { blocksRunIn } from '../support/documents.js';
import { paste } from '../support/shell.js';
import { temporaryFolder } from '../support/stores.js';

const blocks = blocksRunIn('test/docs/shell.e2e-spec.ts');

/** What a document tells to paste, as one script. @param addresses to use in place of those it names */
function scriptOf(document: string, addresses: Record<string, string>): string {
  const script = blocks
    .get(document)!
    .map(({ text }) => text)
    .join('\n');
  return Object.entries(addresses).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${document} does not name ${from}`);
    return text.replaceAll(from, to);
  }, script);
}

/** The JSON documents among the lines that were printed. */
function jsonIn(printed: string): unknown[] {
  return printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as unknown);
}

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

it('All that is to be pasted into a shell comes from these documents', () => {
  expect([...blocks.keys()]).toEqual(['README.md', 'docs/simulator.md']);
});

describe("The README's walkthrough", () => {
  let demo: RunningDemo;
  beforeAll(async () => {
    demo = await startDemo();
  });
  afterAll(() => demo.close());

  it('sends a code, reads it, checks it, meets the limits, and looks at every other address', async () => {
    const printed = await paste(scriptOf('README.md', { 'http://localhost:3000': demo.url }), folder);

    const code = demo.simulator.inbox.latest('+12025550123')!.code;
    expect(jsonIn(printed)).toEqual([
      expect.objectContaining({ phone: '+1202*****23', status: 'pending', resendAfterSeconds: 60 }),
      expect.objectContaining({ to: '+12025550123', code }),
      { id: expect.any(String), status: 'approved', token: expect.stringMatching(/^eyJ/) },
      expect.objectContaining({ code: 'SMS_SEND_TOO_FREQUENTLY' }),
      expect.objectContaining({ code: 'SMS_CODE_EXPIRED', reason: 'used' }),
      expect.objectContaining({ status: 'approved', delivery: expect.any(String) }),
      expect.objectContaining({ enableMobileRegister: true }),
      { keys: [expect.objectContaining({ alg: 'EdDSA' })] },
      { status: 'ok' },
      { status: 'ok' },
    ]);
    expect(printed).toMatch(/^HTTP\/1.1 429 [^]+^retry-after: \d+\r$[^]+^HTTP\/1.1 410 /m);
    expect(printed).toMatch(/^sms_sends_total\{outcome="sent"\} 1$/m);
  });
});

describe("The simulator's documentation", () => {
  let simulator: TwilioSimulator;
  beforeAll(async () => {
    simulator = await TwilioSimulator.start();
  });
  afterAll(() => simulator.close());

  it('reads a code, asks for faults, and ends them', async () => {
    await fetch(`${simulator.url}/inbox/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: '+12025550123', body: 'Your verification code is: 482913' }),
    });

    const script = scriptOf('docs/simulator.md', { 'http://127.0.0.1:4010': simulator.url });
    const printed = await paste(`curl() { command curl "$@"; echo; }\n${script}`, folder); // one answer a line

    expect(jsonIn(printed)).toEqual([
      expect.objectContaining({ to: '+12025550123', code: '482913' }),
      expect.objectContaining({
        queued: [{ kind: 'status', status: 500, accepted: true }],
        standing: expect.objectContaining({ fault: expect.objectContaining({ status: 429 }) }),
      }),
    ]);
    expect(await (await fetch(`${simulator.url}/simulator/faults`)).json()).toMatchObject({ queued: [] });
  });
});
