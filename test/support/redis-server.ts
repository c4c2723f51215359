import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { answers, freePort, redisProgram } from '../../scripts/redis.mjs';
import { temporaryFolder } from './stores.js';
import { until } from './until.js';

/** A Redis of a test's own. It keeps its port and its folder when it is started again, and leaves nothing behind. */
export class RedisServer {
  readonly url: string;
  private child?: ChildProcess;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly settings: readonly string[],
  ) {
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @param settings as on the command line: `['--appendonly', 'yes']` */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisServer(await freePort(), await temporaryFolder(), settings);
      try {
        await server.startAgain();
        return server;
      } catch (error) {
        await server.stop();
        if (attempt === 3) throw error; // until then somebody else was faster to take the port
      }
    }
  }

  async startAgain(): Promise<void> {
    const program = await redisProgram();
    const always = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--dir', this.folder];
    const child = spawn(program, [...always, ...this.settings], { stdio: ['ignore', 'pipe', 'ignore'] });
    const printed: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => printed.push(chunk));
    this.child = child;
    await until('Redis answers', () => {
      if (child.exitCode !== null) throw new Error(`redis-server: ${Buffer.concat(printed).toString()}`);
      return answers(this.port);
    });
  }

  /** As a crash, or a machine that is switched off. */
  async kill(): Promise<void> {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  /** Connections stay, and nothing is answered. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
