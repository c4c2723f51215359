import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { patch } from './process.js';
import { redisUrl, temporaryFolder } from './stores.js';

/** A time that several processes of the API and their Redis share. It stands still until it is moved. */
export class VirtualClock {
  private readonly key = `test:clock:${randomUUID()}`;
  private readonly file: number;
  private readonly redis = new Redis(redisUrl());

  private constructor(
    private readonly folder: string,
    /** Milliseconds since 1970. */
    public nowMs: number,
  ) {
    this.file = openSync(this.path, 'w');
  }

  static async start(nowMs = Date.now()): Promise<VirtualClock> {
    const clock = new VirtualClock(await temporaryFolder(), nowMs);
    await clock.advance(0);
    return clock;
  }

  /** For the environment of an API. @param patches besides */
  environment(patches: readonly string[] = []): Record<string, string> {
    return {
      NODE_OPTIONS: patch('virtual-clock', ...patches),
      TEST_CLOCK_FILE: this.path,
      TEST_CLOCK_KEY: this.key,
    };
  }

  /** The processes first: a deadline of theirs has passed when Redis says so. */
  async advance(milliseconds: number): Promise<void> {
    this.nowMs += milliseconds;
    const time = Buffer.alloc(8);
    time.writeDoubleBE(this.nowMs);
    writeSync(this.file, time, 0, time.length, 0);
    await this.redis.set(this.key, this.nowMs, 'EX', 3600);
  }

  async close(): Promise<void> {
    closeSync(this.file);
    await this.redis.del(this.key);
    await this.redis.quit();
    await rm(this.folder, { recursive: true });
  }

  private get path(): string {
    return join(this.folder, 'clock');
  }
}
