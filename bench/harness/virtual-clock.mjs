// A time that a contestant of ours and the scripts of its Redis share, so that it can pass at once. The patch that reads it
// is that of the tests: test/support/patches/virtual-clock.mjs.
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder, removeFolder } from './folders.mjs';

const PATCH = fileURLToPath(new URL('../../test/support/patches/virtual-clock.mjs', import.meta.url));
/** It patches ioredis, which is part of the bundle: so this runs the files that the bundle is made of. */
const PROGRAM = [fileURLToPath(new URL('../../dist/apps/api/src/main.js', import.meta.url))];
const KEY = 'bench:clock';

export class VirtualClock {
  #nowMs = Date.now();
  #folder = makeFolder('clock');
  #file = openSync(this.#path, 'w');

  constructor(redis) {
    this.redis = redis;
  }

  /** @param redis it has to be empty */
  static async start(redis) {
    const clock = new VirtualClock(redis);
    await clock.#write();
    return clock;
  }

  /** The contestant with this clock. */
  givenTo(kind) {
    const settings = { NODE_OPTIONS: `--import=${PATCH}`, TEST_CLOCK_FILE: this.#path, TEST_CLOCK_KEY: KEY };
    return {
      ...kind,
      program: PROGRAM,
      environment: (addresses) => ({ ...kind.environment(addresses), ...settings }),
    };
  }

  /** Records in Redis whose life is over are gone, the others have less of it left. */
  async pass(milliseconds) {
    this.#nowMs += milliseconds;
    await this.#write();
    await this.redis.control.eval(
      `for _, key in ipairs(redis.call('KEYS', '*')) do
        local left = redis.call('PTTL', key)
        if left > 0 then
          redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) -- deletes it when that is not positive
        end
      end`,
      0,
      milliseconds,
    );
  }

  stop() {
    closeSync(this.#file);
    removeFolder(this.#folder);
  }

  async #write() {
    const time = Buffer.alloc(8);
    time.writeDoubleBE(this.#nowMs);
    writeSync(this.#file, time, 0, time.length, 0);
    await this.redis.control.set(KEY, this.#nowMs);
  }

  get #path() {
    return join(this.#folder, 'time');
  }
}
