// A Redis of the benchmark's own: empty, in memory alone, on a port that nobody else has.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { answers, freePort, redisProgram } from '../../scripts/redis.mjs';
import { hasEnded, start, stop } from './children.mjs';
import { makeFolder, removeFolder } from './folders.mjs';

const START_DEADLINE_MS = 10_000;

export class RedisServer {
  /** A connection of the harness. */
  control;

  constructor(child, port, folder) {
    this.child = child;
    this.port = port;
    this.folder = folder;
    this.url = `redis://127.0.0.1:${port}`;
    this.control = new Redis(this.url);
  }

  static async start() {
    const program = await redisProgram();
    const port = await freePort();
    const folder = makeFolder('redis');
    const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = start(program, [...settings, '--dir', folder]);
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!(await answers(port))) {
      if (hasEnded(child) || Date.now() > deadline) throw new Error(`Redis does not start: ${child.printed}`);
      await sleep(20);
    }
    return new RedisServer(child, port, folder);
  }

  /** One number of INFO. */
  async info(section, field) {
    return numberIn(await this.control.info(section), field);
  }

  async version() {
    return /redis_version:(\S+)/.exec(await this.control.info('server'))[1];
  }

  /** CPU time of Redis in microseconds, and the memory in use in bytes. */
  async usage() {
    const [cpu, memory] = await Promise.all([this.control.info('cpu'), this.control.info('memory')]);
    return {
      cpuMicroseconds: (numberIn(cpu, 'used_cpu_user') + numberIn(cpu, 'used_cpu_sys')) * 1_000_000,
      usedBytes: numberIn(memory, 'used_memory'),
    };
  }

  async empty() {
    await this.control.flushall('SYNC');
    await this.control.script('FLUSH');
  }

  async stop() {
    this.control.disconnect();
    await stop(this.child, 'SIGKILL');
    removeFolder(this.folder);
  }
}

function numberIn(text, field) {
  return Number(new RegExp(`^${field}:(\\S+)`, 'm').exec(text)?.[1]);
}
