import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { freePort } from '../../scripts/redis.mjs';
import { DescribedAnswers } from './described-answers.js';
import { until } from './until.js';

/** What `npm start` starts. */
const API = fileURLToPath(new URL('../../dist/api/main.mjs', import.meta.url));
/** What the bundle is made of, file by file: a patch can change what they export. */
const API_AS_FILES = fileURLToPath(new URL('../../dist/apps/api/src/main.js', import.meta.url));

/** The built API in a process of its own. An answer that its description does not allow fails the test. */
export class ApiProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly printed: string[],
    private readonly described: DescribedAnswers,
  ) {}

  /** Several on one environment; all of them, or none. */
  static async startAll(
    count: number,
    environment: Record<string, string>,
    folder: string,
  ): Promise<ApiProcess[]> {
    const starts = await Promise.allSettled(
      Array.from({ length: count }, () => ApiProcess.start(environment, folder)),
    );
    const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const failed = starts.find((start) => start.status === 'rejected');
    if (!failed) return started;
    await Promise.all(started.map((api) => api.stop('SIGKILL')));
    throw failed.reason;
  }

  /** Starts the build with this environment and nothing else. @param folder to run in */
  static async start(environment: Record<string, string>, folder: string): Promise<ApiProcess> {
    // One that does not say where it listens is told so.
    const port = environment.LOG_LEVEL === 'silent' ? await freePort() : 0;
    const defaults = { PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'info' };
    const child = spawnApi({ ...defaults, ...environment }, folder);
    const printed: string[] = [];
    child.stderr!.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
    const url = await new Promise<string | undefined>((resolve) => {
      child.once('exit', () => resolve(undefined));
      createInterface({ input: child.stdout! }).on('line', (line) => {
        printed.push(line);
        const started = /"event":"started","url":"([^"]+)"/.exec(line);
        if (started) resolve(started[1]);
      });
      if (port !== 0) void untilListening(port, child).then(resolve);
    });
    if (url) return new ApiProcess(child, url, printed, await DescribedAnswers.from(url));
    throw new Error(`The API did not start:\n${printed.join('\n')}`);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Everything it printed so far. */
  output(): string {
    return this.printed.join('\n');
  }

  /** @param text of a line that it prints, or has printed */
  async untilPrinted(text: string): Promise<void> {
    await until(`it prints ${text}`, () => {
      if (this.child.exitCode !== null) throw new Error(`It ended without: ${text}`);
      return this.output().includes(text);
    });
  }

  send(phone: string, body: object = {}, headers: Record<string, string> = {}): Promise<JsonAnswer> {
    return this.post('/v1/verifications', { phone, ...body }, headers);
  }

  check(id: string, code: string): Promise<JsonAnswer> {
    return this.post(`/v1/verifications/${id}/check`, { code });
  }

  /** A number of /metrics, such as `process_resident_memory_bytes`. */
  async metric(series: string): Promise<number> {
    const line = (await this.metrics()).find((one) => one.startsWith(`${series} `));
    if (!line) throw new Error(`no metric ${series}`);
    return Number(line.slice(series.length + 1));
  }

  /** The lines of /metrics that are numbers. */
  async metrics(): Promise<string[]> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  get(path: string): Promise<JsonAnswer> {
    return this.ask(path, { method: 'GET' });
  }

  private post(path: string, body: object, headers = {}): Promise<JsonAnswer> {
    return this.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  private async ask(path: string, options: Asked): Promise<JsonAnswer> {
    const { status, headers, body } = await answerTo(this.url + path, options);
    this.described.compare({ method: options.method, path, status, headers, body });
    return {
      status,
      retryAfter: (headers['retry-after'] as string | undefined) ?? null,
      body: JSON.parse(body) as Record<string, unknown>,
    };
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** It stands still, as a virtual machine that is paused. */
  freeze(): void {
    this.kill('SIGSTOP');
  }

  thaw(): void {
    this.kill('SIGCONT');
  }

  /** @returns its exit code, once it has ended and all it printed was read */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return this.child.exitCode;
  }

  /** @param signal SIGKILL for a crash */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const ended = this.ended();
    this.kill(signal);
    return ended;
  }
}

/** The process died, or the connection to it was cut, before its answer was there. */
export class ConnectionBrokenError extends Error {
  constructor() {
    super('the connection broke');
  }
}

/** @throws ConnectionBrokenError */
async function answerTo(url: string, options: Asked) {
  try {
    const { statusCode: status, headers, body } = await request(url, options); // half the work of fetch
    return { status, headers, body: await body.text() };
  } catch {
    throw new ConnectionBrokenError();
  }
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** How a process of the build ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/**
 * Runs the build to its end.
 * @param launcher a program and its arguments that start it, such as one that takes rights away
 * @param killAfterMs from when it is killed, if it still runs
 */
export async function runApi(
  environment: Record<string, string>,
  folder: string,
  { launcher = [], killAfterMs }: { launcher?: readonly string[]; killAfterMs?: number } = {},
): Promise<Ended> {
  const child = spawnApi(environment, folder, launcher);
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => chunks.push(chunk));
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return { exitCode, signal, output: Buffer.concat(chunks).toString() };
}

async function untilListening(port: number, child: ChildProcess): Promise<string | undefined> {
  const url = `http://127.0.0.1:${port}`;
  while (child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(`${url}/livez`).catch(() => undefined);
    if (answer?.ok) return url;
    await sleep(20);
  }
  return undefined;
}

/** For NODE_OPTIONS: scripts of `preloads/` that run in the process before the API. */
export const preload = (...names: readonly string[]): string => importsOf('preloads', names);

/** For NODE_OPTIONS: scripts of `patches/`, which change what files of the API or its packages export. */
export const patch = (...names: readonly string[]): string => importsOf('patches', names);

function importsOf(folder: string, names: readonly string[]): string {
  return names
    .map((name) => `--import=${new URL(`./${folder}/${name}.mjs`, import.meta.url).href}`)
    .join(' ');
}

function spawnApi(
  environment: Record<string, string>,
  folder: string,
  launcher: readonly string[] = [],
): ChildProcess {
  const main = environment.NODE_OPTIONS?.includes('/patches/') ? API_AS_FILES : API;
  const [program, ...args] = [...launcher, process.execPath, main];
  return spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export interface JsonAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Record<string, unknown>;
}
