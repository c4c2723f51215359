import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { RateLimitStore, SmsService, TwilioClient, type SmsModule } from '@app/sms';
import { TwilioSimulator } from '@app/twilio-simulator';
import { startDemo, type RunningDemo } from '../support/demo.js';
import { blocksRunIn, type CodeBlock } from '../support/documents.js';
import { paste } from '../support/shell.js';
import { Snippets } from '../support/snippets.js';
import { redisUrl, TEST_SECRET } from '../support/stores.js';

const blocks = blocksRunIn('test/docs/typescript.e2e-spec.ts');
const inLanguage = (language: string): CodeBlock[] =>
  [...blocks.values()].flat().filter((block) => block.language === language);

const environment = { ...process.env };
let demo: RunningDemo;
let simulator: TwilioSimulator;
let snippets: Snippets;

beforeAll(async () => {
  demo = await startDemo();
  simulator = await TwilioSimulator.start();
  Object.assign(process.env, {
    TWILIO_ACCOUNT_SID: simulator.accountSid,
    TWILIO_AUTH_TOKEN: simulator.authToken,
    TWILIO_PHONE_NUMBER: simulator.phoneNumber,
    TWILIO_SMS_ACCOUNT_SID: simulator.accountSid,
    TWILIO_SMS_AUTH_TOKEN: simulator.authToken,
    SMS_SECRET: TEST_SECRET,
    REDIS_URL: redisUrl(),
  });
  const running = inLanguage('ts').map((block) => ({
    ...block,
    text: block.text
      .replaceAll('http://localhost:3000', demo.url)
      .replaceAll('http://127.0.0.1:4010', simulator.url),
  }));
  snippets = Snippets.write(running);
  // As docs/api.md tells, but for the package that is installed already.
  const [generate] = inLanguage('bash');
  const script = generate.text.replaceAll('http://localhost:3000', demo.url);
  await paste(`npm() { [ "$*" = 'i openapi-fetch' ]; }\n${script}`, snippets.folderOf('docs/api.md'));
});
afterAll(async () => {
  snippets.remove();
  process.env = environment;
  await simulator.close();
  await demo.close();
});

it('All TypeScript in the documentation compiles', async () => {
  expect(inLanguage('ts')).toHaveLength(8);
  expect(await snippets.typeErrors()).toEqual([]);
}, 120_000);

describe('In docs/api.md', () => {
  it('the client that is made from the description sends a code', async () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    await snippets.run('docs/api.md', 'client.ts');
    const [[id]] = log.mock.calls as [[string]];
    log.mockRestore();
    await request(demo.url).get(`/v1/verifications/${id}`).expect(200);
  });
});

describe('In the README', () => {
  it('the test with Twilio and the limits replaced passes, and opens no store', async () => {
    await snippets.run('README.md', 'sms.spec.ts');
    expect(existsSync('sms-data')).toBe(false);
  });

  it('the controller sends a code, and answers what a caller can act on', async () => {
    const { AppModule } = await snippets.run<{ AppModule: new () => object }>('README.md', 'app.module.ts');
    const answers = [{ granted: true }, { granted: false, rule: 'cooldown', waitMs: 1_000 }];
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(TwilioClient)
      .useValue({ messages: { create: async () => ({ sid: `SM${'0'.repeat(32)}`, status: 'queued' }) } })
      .overrideProvider(RateLimitStore)
      .useValue({ reserve: async () => answers.shift(), keep: async () => undefined })
      .compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    try {
      const send = (phone: string): request.Test =>
        request(app.getHttpServer()).post('/sign-up/code').send({ phone });
      await send('+12025550123').expect(201, { segments: 1 });
      expect((await send('+12025550123').expect(429)).body).toMatchObject({
        code: 'SMS_SEND_TOO_FREQUENTLY',
      });
      expect((await send('12').expect(400)).body).toMatchObject({ code: 'PHONE_FORMAT_ERROR' });
    } finally {
      await app.close();
    }
  });

  it('the options that come from somewhere else open the store in Redis', async () => {
    const { sms } = await snippets.run<{ sms: ReturnType<typeof SmsModule.forRoot> }>('README.md', 'sms.ts');
    const module = await Test.createTestingModule({ imports: [sms] }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    expect(app.get(SmsService)).toBeInstanceOf(SmsService);
    await app.close();
  });
});

describe('In docs/simulator.md', () => {
  it("Twilio's SDK talks to the simulator", async () => {
    const { client } = await snippets.run<{ client: TwilioClient }>('docs/simulator.md', 'client.ts');
    const { status } = await client.messages.create({
      to: '+12025550177',
      from: simulator.phoneNumber,
      body: 'Your verification code is: 482913',
    });
    expect(status).toBe('queued');
  });

  it('the test that moves the clock sees what the code under test sends', async () => {
    const path = join(snippets.folderOf('docs/simulator.md'), 'in-a-test.ts');
    const [before, after] = readFileSync(path, 'utf8').split('// ... the code under test sends ...');
    writeFileSync(path, `${before}${SENDS_TWICE}${after}export { message, statuses };\n`);
    expect(await snippets.run('docs/simulator.md', 'in-a-test.ts')).toMatchObject({
      statuses: [503, 201],
      message: { code: '482913' },
    });
  });
});

const SENDS_TWICE = `
const statuses: number[] = [];
for (let attempt = 0; attempt < 2; attempt++) {
  const answer = await fetch(\`\${url}/2010-04-01/Accounts/\${accountSid}/Messages.json\`, {
    method: 'POST',
    headers: { authorization: \`Basic \${Buffer.from(\`\${accountSid}:\${authToken}\`).toString('base64')}\` },
    body: new URLSearchParams({ To: '+12025550123', From: phoneNumber, Body: 'Your verification code is: 482913' }),
  });
  statuses.push(answer.status);
}
`;
