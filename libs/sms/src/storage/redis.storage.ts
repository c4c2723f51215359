import { Logger } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import { printAs, type Secret } from '../secret.js';
import { StoreUnavailableError } from '../sms.errors.js';
import { NO_OBSERVER, type SmsObserver } from '../sms.observer.js';
import { DataKey, unwrapWithAny, WrongSecretError } from './data-key.js';
import { createRedisClient, runCommand } from './redis.client.js';
import { faultOf, isNotConnected } from './redis.faults.js';
import { RedisWatch } from './redis.watch.js';
import { storeOperation } from './store-operation.js';

/** Where the data key is kept, wrapped. */
export const DATA_KEY = 'sms:data-key';
/** How soon processes agree on the data key again after Redis was emptied under them. */
const KEY_CHECK_INTERVAL_MS = 5_000;

/** A connection to Redis or to a Redis Cluster, and the data key that is kept there. */
export class RedisStorage {
  readonly client: Redis | Cluster;
  private readonly logger = new Logger(RedisStorage.name);
  private readonly watch: RedisWatch;
  private opened?: Promise<void>;
  private key?: Promise<DataKey>;
  private keyTimer?: NodeJS.Timeout;
  /** The data key as it was last seen in Redis, and opened. */
  private wrapped?: string;
  private lastKey?: DataKey;
  /** Why Redis cannot be used, while it cannot. */
  private lostBecause?: string;
  /** What a node of a cluster reported last, which the cluster itself does not say. */
  private nodeFault?: string;

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
    this.client = createRedisClient(urls);
    printAs(this.client, 'RedisClient');
    this.watch = new RedisWatch(this.client);
    this.client.on('error', (error: Error) => this.lost(faultOf(error)));
    this.client.on('node error', (error: Error) => this.nodeLost(faultOf(error)));
    // Redis may be emptied or replaced while we are not connected, and also while we are: then `check` finds out.
    this.client.on('close', () => (this.key = undefined));
    this.client.on('ready', () => void this.check().catch(() => undefined));
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
      this.key = Promise.resolve(await this.loadDataKey());
      await this.watch.inspected();
    } catch (error) {
      if (error instanceof WrongSecretError) throw error;
      this.lost(faultOf(error));
    }
  }

  /** Logged once, not with every try to connect again. */
  private lost(reported: string): void {
    const fault = isNotConnected(reported) ? (this.nodeFault ?? reported) : reported;
    if (!this.lostBecause) this.logger.error({ event: 'store.lost', fault });
    if (!this.lostBecause || !isNotConnected(fault)) this.lostBecause = fault;
  }

  private nodeLost(fault: string): void {
    if (!isNotConnected(fault)) this.nodeFault = fault;
  }

  private found(): void {
    if (this.lostBecause) this.logger.log({ event: 'store.found' });
    this.lostBecause = undefined;
    this.nodeFault = undefined;
  }

  /** Runs one command, with every failure mapped: the errors of the client carry the command's arguments. */
  run<T>(command: (client: Redis | Cluster) => Promise<T>): Promise<T> {
    const running = runCommand(this.client, command).catch((error: unknown) => {
      const fault = faultOf(error);
      throw new StoreUnavailableError(
        isNotConnected(fault) ? (this.nodeFault ?? this.lostBecause ?? fault) : fault,
      );
    });
    return storeOperation(this.observer, 'redis', running);
  }

  /** @throws StoreUnavailableError, also if another secret's Redis has taken the place of ours */
  dataKey(): Promise<DataKey> {
    if (this.key) return this.key;
    const key = this.loadDataKey().catch((error: unknown) => {
      if (this.key === key) this.key = undefined; // ask again next time
      throw asUnavailable(error);
    });
    return (this.key = key);
  }

  /** @throws StoreUnavailableError if limits cannot be counted now */
  async check(): Promise<void> {
    const before = this.wrapped;
    try {
      const key = await this.loadDataKey();
      // Emptied, restored or rotated while we were connected.
      if (this.wrapped !== before) this.key = Promise.resolve(key);
      this.found();
    } catch (error) {
      if (error instanceof WrongSecretError) this.key = undefined;
      this.lost(faultOf(asUnavailable(error)));
      throw asUnavailable(error);
    }
  }

  private async loadDataKey(): Promise<DataKey> {
    // Written as if there were none: a Redis that was emptied gets the key back that this process has counted under,
    // and one that cannot write, such as a replica, says so.
    const candidate = (this.lastKey ?? DataKey.generate()).wrap(this.secrets[0]);
    const [created, stored] = await Promise.all([
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
    if (this.lastKey && (created || !this.lastKey.equals(found.dataKey))) this.watch.emptied();
    this.lastKey = found.dataKey;
    return found.dataKey;
  }

  async close(): Promise<void> {
    clearInterval(this.keyTimer);
    if (this.client.status === 'ready') await this.client.quit().catch(() => this.client.disconnect());
    else if (this.client.status !== 'end') this.client.disconnect();
  }
}

function asUnavailable(error: unknown): unknown {
  return error instanceof WrongSecretError ? new StoreUnavailableError('wrong secret') : error;
}
