// One process of a contestant.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/redis.mjs';
import { hasEnded, start, stop } from './children.mjs';
import { Connection, get } from './connection.mjs';
import { onMeasuredCore } from './cores.mjs';
import { makeFolder, removeFolder } from './folders.mjs';
import { newPhone } from './phones.mjs';
import { cpuMicroseconds, residentBytes } from './process-usage.mjs';

const READY_DEADLINE_MS = 30_000;

export class Contestant {
  /** From its start until it said that it is ready, or answered at all if it does not say so. */
  startMs;
  /** Sends that were answered, and whose codes were not checked yet. */
  sent = [];

  constructor(kind, world, child, port, folder) {
    Object.assign(this, { ...kind, world, child, port, folder });
  }

  /**
   * @param kind one of CONTESTANTS
   * @param world its Redis and its Twilio
   * @param settings that differ from those of the kind
   * @param core which of those that are measured
   */
  static async start(kind, world, settings = {}, core = 0) {
    const port = await freePort();
    const folder = makeFolder(kind.name);
    const began = performance.now();
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      PORT: `${port}`,
      ...kind.environment({ redisUrl: world.redis.url, twilioUrl: world.twilio.url, folder }),
      ...settings,
    };
    const child = start(...onMeasuredCore(process.execPath, kind.program, core), { env, cwd: folder });
    const contestant = new Contestant(kind, world, child, port, folder);
    await contestant.#untilReady();
    contestant.startMs = performance.now() - began;
    return contestant;
  }

  get pid() {
    return this.child.pid;
  }

  get cpuMicroseconds() {
    return cpuMicroseconds(this.pid);
  }

  get residentBytes() {
    return residentBytes(this.pid);
  }

  /** Sends to phones that were never used, without end, or to those that are given. */
  *sends(phones) {
    for (let index = 0; !phones || index < phones.length; index += 1) {
      const phone = phones ? phones[index] : newPhone();
      yield {
        text: this.send(phone),
        done: ({ body }) => this.sent.push({ phone, id: this.idOf(body) }),
      };
    }
  }

  /** Checks of what was sent, oldest first, each with the right code. */
  *checks() {
    for (const sent of this.sent.splice(0)) {
      yield {
        text: this.check(sent, this.world.twilio.codes.get(sent.phone)),
        done: ({ body }) => {
          if (!body.includes(`"approved"`)) throw new Error(`${this.name} did not approve: ${body}`);
        },
      };
    }
  }

  async stop() {
    await stop(this.child);
    removeFolder(this.folder);
  }

  async #untilReady() {
    const deadline = performance.now() + READY_DEADLINE_MS;
    while (performance.now() < deadline) {
      if (hasEnded(this.child)) throw new Error(`${this.name} ended at its start: ${this.child.printed}`);
      const connection = await Connection.open(this.port).catch(() => undefined);
      if (connection) {
        const { status } = await connection.request(get('/readyz')).catch(() => ({ status: 503 }));
        connection.close();
        if (status === 200 || (this.kind !== 'ours' && status < 500)) return;
      }
      await sleep(2);
    }
    throw new Error(`${this.name} was not ready in ${READY_DEADLINE_MS / 1_000} s: ${this.child.printed}`);
  }
}
