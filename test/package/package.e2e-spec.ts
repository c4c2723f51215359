import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { blocksRunIn, root } from '../support/documents.js';
import { expectSuccess, HostApps, run, type Ended } from '../support/host-apps.js';
import { newPhone, redisUrl, temporaryFolder, TEST_SECRET } from '../support/stores.js';

const PATIENCE_MS = 300_000;
const snippets = blocksRunIn('test/package/package.e2e-spec.ts').get('libs/sms/README.md') ?? [];
const inTests = snippets.flatMap(({ file }) => (file?.endsWith('.test.ts') ? [file] : []));

let simulator: TwilioSimulator;
let folder: string;
let tarball: string;
let apps: HostApps;
let installed: Ended;
let compiled: Ended;
let environment: Record<string, string>;

beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  folder = await temporaryFolder();
  const packed = await run(process.execPath, ['scripts/pack-sms.mjs', folder], root);
  expectSuccess(packed);
  tarball = packed.printed.trim();
  apps = await HostApps.create(tarball, join(root, 'test/package/apps'));
  // The snippets are for Twilio itself.
  for (const { file, text } of snippets) {
    apps.write(
      `readme/${file}`,
      text.replace('twilio: {\n', 'twilio: { baseUrl: process.env.TWILIO_BASE_URL,\n'),
    );
  }
  installed = await apps.install();
  compiled = await apps.compile();
  environment = {
    TWILIO_ACCOUNT_SID: simulator.accountSid,
    TWILIO_AUTH_TOKEN: simulator.authToken,
    TWILIO_PHONE_NUMBER: simulator.phoneNumber,
    TWILIO_BASE_URL: simulator.url,
    SMS_SECRET: TEST_SECRET,
    REDIS_URL: redisUrl(),
    PORT: '0',
    NO_COLOR: '1',
  };
}, PATIENCE_MS);
afterAll(async () => {
  await apps?.remove();
  await rm(folder, { recursive: true });
  await simulator.close();
});

describe('The tarball', () => {
  it('has the library, and neither its tests nor anything else of the project', async () => {
    const { printed } = await run('tar', ['-tzf', tarball], folder);
    const files = printed.trim().split('\n');
    expect(files.filter((file) => !file.startsWith('package/dist/')).toSorted()).toEqual([
      'package/LICENSE',
      'package/README.md',
      'package/package.json',
    ]);
    const kinds = new Set(files.map((file) => basename(file).replace(/^.*?(\.d\.ts|\.\w+)$/, '$1')));
    expect([...kinds].toSorted()).toEqual(['.d.ts', '.js', '.json', '.lua', '.md', 'LICENSE']);
    expect(files).toContain('package/dist/rate-limit/reserve.lua');
    expect(files.filter((file) => /\.spec\.|apps|simulator/.test(file))).toEqual([]);
  });

  it.each([
    ['publint', 'publint/src/cli.js', ['run', '--strict']],
    ['@arethetypeswrong/cli', '@arethetypeswrong/cli/dist/index.js', ['--profile', 'esm-only']],
  ])('%s finds nothing wrong with it', async (_, tool, args) => {
    const command = [join(root, 'node_modules', tool), ...args, tarball];
    expectSuccess(await run(process.execPath, command, folder));
  });
});

describe('Nest apps that install the tarball', () => {
  it('install without a complaint, and compile, with all of the snippets and the types of the libraries', () => {
    expectSuccess(installed);
    expectSuccess(compiled);
  });

  it.each([
    ['Express, with the store in Redis', 'express'],
    ['Fastify, with the store in a folder', 'fastify'],
  ])(
    'send a code on %s, hold its limit, and end when they are told to',
    async (_, app) => {
      const host = await apps.start(environment, `${app}/main.js`);
      const phone = newPhone();
      const send = { phone, code: '123456' };
      expect(await host.post('/codes', send)).toMatchObject({
        status: 201,
        body: { to: phone, segments: 1 },
      });
      expect(simulator.inbox.latest(phone)).toMatchObject({ body: 'Your verification code is: 123456' });
      expect(await host.post('/codes', send)).toMatchObject({ status: 500 }); // an error that nobody maps to HTTP
      expect(simulator.inbox.list({ to: phone })).toHaveLength(1);
      expect(await host.stop()).toBe('SIGTERM');
    },
    PATIENCE_MS,
  );

  // In one process: most of the time of each would go by with loading the same packages.
  it(
    'pass their own tests, which those of the README are too',
    async () => {
      const tests = [
        'express/app',
        'fastify/app',
        'readme/snippets',
        ...inTests.map((file) => `readme/${file}`),
      ];
      const imports = tests.map((name) => `import './${name.replace(/\.test\.ts$/, '')}.test.js';`);
      const ended = await apps.node(environment, '--input-type=module', '--eval', imports.join('\n'));
      expectSuccess(ended);
      expect(ended.printed).toMatch(/^# fail 0$/m);
      expect(ended.printed).toContain('The counted store as a rate-limit store');
    },
    PATIENCE_MS,
  );

  it(
    'do not start without an option that is needed, and say once which, and what is accepted',
    async () => {
      const { code, printed } = await apps.node(
        { ...environment, TWILIO_ACCOUNT_SID: '' },
        'express/main.js',
      );
      expect(code).toBe(1);
      expect(printed.match(/twilio\.accountSid must be AC and 32 hexadecimal digits/g)).toHaveLength(1);
      expect(printed.match(/ ERROR /g)).toHaveLength(1);
    },
    PATIENCE_MS,
  );

  it(
    'that keep a store in a folder are told what to install, when lmdb was left out',
    async () => {
      const lmdb = join(apps.folder, 'node_modules/lmdb');
      renameSync(lmdb, `${lmdb}.away`);
      const { code, printed } = await apps.node(environment, 'fastify/main.js');
      renameSync(`${lmdb}.away`, lmdb);
      expect(code).toBe(1);
      expect(printed).toContain(
        'The embedded store needs the package lmdb, which cannot be loaded: run "npm install lmdb"',
      );
    },
    PATIENCE_MS,
  );
});
