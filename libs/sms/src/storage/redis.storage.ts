import { Logger } from '@nestjs/common';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { printAs, type Secret } from '../secret.js';
import { StoreUnavailableError } from '../sms.errors.js';
import { NO_OBSERVER, type SmsObserver } from '../sms.observer.js';
import { ANSWER_TIMEOUT_MS, withinAnswerTime } from './answer-time.js';
import { DataKey, unwrapWithAny, WrongSecretError } from './data-key.js';
import { observed } from './observed.js';
import { weaknessesOf } from './redis-set-up.js';

const DATA_KEY = 'sms:data-key';
const TIMED_OUT = 'Command timed out'; // as the client says it
/** How soon processes agree on the data key again after Redis was emptied under them. */
const KEY_CHECK_INTERVAL_MS = 5_000;

const CONNECTION: RedisOptions = {
  lazyConnect: true,
  enableAutoPipelining: true,
  // Nothing is queued while disconnected, and nothing is sent again after a reconnect.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: ANSWER_TIMEOUT_MS,
  connectTimeout: 2_000,
  disconnectTimeout: 500, // a process that ends is not held up by a Redis that is gone
  retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1_000),
  // After a failover the old primary answers READONLY until we connect to the new one.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

/** A connection to Redis or to a Redis Cluster, and the data key that is kept there. */
export class RedisStorage {
  readonly client: Redis | Cluster;
  private readonly logger = new Logger(RedisStorage.name);
  private opened?: Promise<void>;
  private key?: Promise<DataKey>;
  private keyTimer?: NodeJS.Timeout;
  /** The data key as it was last seen in Redis, and opened. */
  private wrapped?: string;
  private lastKey?: DataKey;
  private isLost = false;

  /**
   * @param urls `redis://` or `rediss://`; several, comma separated, are nodes of one cluster
   * @param secrets the first wraps the data key, the others open one that was wrapped before a rotation
   * @param observer is told of each command
   */
  constructor(
    urls: Secret,
    private readonly secrets: readonly Secret[],
    private readonly observer: SmsObserver = NO_OBSERVER,
  ) {
    const nodes = urls.reveal().split(',');
    this.client =
      nodes.length === 1
        ? new Redis(nodes[0], CONNECTION)
        : new Cluster(nodes, {
            lazyConnect: true,
            enableAutoPipelining: true,
            enableOfflineQueue: false,
            redisOptions: CONNECTION,
          });
    printAs(this.client, 'RedisClient');
    this.client.on('error', (error: Error) => this.lost(faultOf(error)));
    this.client.on('ready', () => this.found());
    // Redis may be emptied or replaced while we are not connected, and also while we are: then `check` finds out.
    this.client.on('close', () => (this.key = undefined));
  }

  /**
   * Connects. A Redis that is down is not waited for: calls fail until it is there.
   * @throws WrongSecretError if its limits were counted under another secret
   */
  open(): Promise<void> {
    this.opened ??= this.connect();
    this.keyTimer ??= setInterval(
      () => void this.check().catch(() => undefined),
      KEY_CHECK_INTERVAL_MS,
    ).unref();
    return this.opened;
  }

  private async connect(): Promise<void> {
    try {
      await this.client.connect();
      await this.currentKey();
      await this.warnOfWeaknesses();
    } catch (error) {
      if (error instanceof WrongSecretError) throw error;
      this.lost(faultOf(error));
    }
  }

  /** Logged once, not with every try to connect again. */
  private lost(fault: string): void {
    if (!this.isLost) this.logger.error({ event: 'store.lost', fault });
    this.isLost = true;
  }

  private found(): void {
    if (this.isLost) this.logger.log({ event: 'store.found' });
    this.isLost = false;
  }

  private async warnOfWeaknesses(): Promise<void> {
    const [node] = this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
    const info = await node.info().catch(() => ''); // a user without the right to ask is not told
    for (const weakness of weaknessesOf(info)) this.logger.warn({ event: 'store.weak_set_up', weakness });
  }

  /** Runs one command, with every failure mapped: the errors of the client carry the command's arguments. */
  run<T>(command: (client: Redis | Cluster) => Promise<T>): Promise<T> {
    const running = command(this.client).catch((error: unknown) => {
      throw new StoreUnavailableError(faultOf(error));
    });
    // The client's own time-out begins when it writes.
    return observed(this.observer, 'redis', withinAnswerTime(running));
  }

  /** @throws StoreUnavailableError, also if another secret's Redis has taken the place of ours */
  async dataKey(): Promise<DataKey> {
    try {
      return await this.currentKey();
    } catch (error) {
      throw error instanceof WrongSecretError ? new StoreUnavailableError('wrong secret') : error;
    }
  }

  /** @throws StoreUnavailableError if limits cannot be counted now */
  async check(): Promise<void> {
    const wrapped = await this.run((client) => client.get(DATA_KEY));
    if (wrapped !== this.wrapped) this.key = undefined; // emptied, restored or rotated while we were connected
    await this.dataKey();
  }

  private async currentKey(): Promise<DataKey> {
    const key = (this.key ??= this.loadDataKey());
    try {
      return await key;
    } catch (error) {
      if (this.key === key) this.key = undefined; // ask again next time
      throw error;
    }
  }

  private async loadDataKey(): Promise<DataKey> {
    // A Redis that was emptied gets the key back that this process has counted under.
    const candidate = (this.lastKey ?? DataKey.generate()).wrap(this.secrets[0]);
    const [, stored] = await Promise.all([
      this.run((client) => client.set(DATA_KEY, candidate, 'NX')),
      this.run((client) => client.get(DATA_KEY)),
    ]);
    let wrapped = stored ?? candidate;
    const found = unwrapWithAny(wrapped, this.secrets);
    if (!found) throw new WrongSecretError('Redis');
    if (!found.wrappedByFirst) {
      // Two processes may both rewrap: both results open with the same secret.
      wrapped = found.dataKey.wrap(this.secrets[0]);
      const rewrapped = wrapped;
      await this.run((client) => client.set(DATA_KEY, rewrapped, 'XX'));
    }
    this.wrapped = wrapped;
    this.lastKey = found.dataKey;
    return found.dataKey;
  }

  async close(): Promise<void> {
    clearInterval(this.keyTimer);
    if (this.client.status === 'ready') await this.client.quit().catch(() => this.client.disconnect());
    else if (this.client.status !== 'end') this.client.disconnect();
  }
}

/** What Redis or the connection reported, as one word; never its text, which may repeat arguments. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.message === TIMED_OUT) return 'timeout';
  const reply = /^([A-Z]{2,20})(?: |$)/.exec(error.message);
  if (reply) return reply[1];
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : 'unreachable';
}
