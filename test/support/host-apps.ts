import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { root } from './documents.js';
import { temporaryFolder } from './stores.js';

/** What a Nest app has that uses the package and its README, besides the package. */
const NEEDED = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/event-emitter',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@nestjs/terminus',
  '@nestjs/testing',
  '@types/node',
  'reflect-metadata',
  'rxjs',
  'twilio',
  'typescript',
];
const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    skipLibCheck: false,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
  },
};

/** How a command ended, with all that it printed. */
export interface Ended {
  readonly code: number | null;
  readonly printed: string;
}

/** Nest apps in a folder outside the project, which have the library from a tarball alone. */
export class HostApps {
  private constructor(readonly folder: string) {}

  /** @param sources folders of the apps, without anything that is installed */
  static async create(tarball: string, sources: string): Promise<HostApps> {
    const folder = await temporaryFolder();
    cpSync(sources, folder, { recursive: true });
    cpSync(tarball, join(folder, basename(tarball)));
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    const versions = { ...devDependencies, ...dependencies };
    const needed = Object.fromEntries(NEEDED.map((name) => [name, versions[name]]));
    const manifest = {
      private: true,
      type: 'module',
      dependencies: { ...needed, '@xiaozhi/sms': `file:${basename(tarball)}` },
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    return new HostApps(folder);
  }

  /** From the registry, or from what npm has of it already. */
  install(): Promise<Ended> {
    return run(
      'npm',
      ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'],
      this.folder,
    );
  }

  /** All of them at once, with the compiler that they have themselves. */
  compile(): Promise<Ended> {
    return this.node({}, 'compile.mjs');
  }

  /** @param file a source of an app, in JavaScript */
  write(file: string, text: string): void {
    mkdirSync(join(this.folder, file, '..'), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  /** Runs Node with this environment and nothing else. */
  node(environment: Record<string, string>, ...args: readonly string[]): Promise<Ended> {
    return run(process.execPath, args, this.folder, environment);
  }

  /** Starts an app, which says where it listens. */
  start(environment: Record<string, string>, file: string): Promise<RunningHost> {
    return RunningHost.start(spawn(process.execPath, [file], { cwd: this.folder, env: environment }));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** An app in a process of its own. */
export class RunningHost {
  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {}

  static async start(child: ChildProcess): Promise<RunningHost> {
    let printed = '';
    const url = await new Promise<string | undefined>((resolve) => {
      const read = (chunk: Buffer): void => {
        printed += chunk.toString();
        const listening = /^listening on (\S+)$/m.exec(printed);
        if (listening) resolve(listening[1]);
      };
      for (const stream of [child.stdout!, child.stderr!]) stream.on('data', read);
      child.once('close', () => resolve(undefined));
    });
    if (url === undefined) throw new Error(`The app did not start:\n${printed}`);
    return new RunningHost(child, url);
  }

  /** @returns the HTTP status, and the body */
  async post(path: string, body: object): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  }

  /** @returns the signal that ended it, after its shutdown hooks have run */
  async stop(): Promise<string | null> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    const [, signal] = (await closed) as [number | null, string | null];
    return signal;
  }
}

/** @throws Error with all that it printed, if it failed */
export function expectSuccess({ code, printed }: Ended): void {
  if (code !== 0) throw new Error(`It ended with ${code}:\n${printed}`);
}

/** Runs a command to its end. @param environment that of this process, if it is not given */
export async function run(
  command: string,
  args: readonly string[],
  folder: string,
  environment: Record<string, string | undefined> = process.env,
): Promise<Ended> {
  const child = spawn(command, args, { cwd: folder, env: environment });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, printed };
}
