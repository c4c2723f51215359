import { Logger } from '@nestjs/common';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { printAs, type Secret } from '../secret.js';
import { StoreUnavailableError } from '../sms.errors.js';
import { DataKey, unwrapWithAny, WrongSecretError } from './data-key.js';

/** A caller gets an answer within this time, or STORE_UNAVAILABLE. */
const ANSWER_TIMEOUT_MS = 800;
const DATA_KEY = 'sms:data-key';
const TIMED_OUT = 'Command timed out'; // as the client says it

const CONNECTION: RedisOptions = {
  lazyConnect: true,
  enableAutoPipelining: true,
  // No command outlives its caller: nothing is queued while disconnected, nothing is sent again after a reconnect.
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

  /**
   * @param urls `redis://` or `rediss://`; several, comma separated, are nodes of one cluster
   * @param secrets the first wraps the data key, the others open one that was wrapped before a rotation
   */
  constructor(
    urls: Secret,
    private readonly secrets: readonly Secret[],
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
    this.client.on('error', (error: Error) =>
      this.logger.error({ event: 'store.error', fault: faultOf(error) }),
    );
    // A Redis that was emptied or replaced behind our back gets the data key again, before anything is counted under it.
    this.client.on('close', () => (this.key = undefined));
  }

  /**
   * Connects. A Redis that is down is not waited for: calls fail until it is there.
   * @throws WrongSecretError if its limits were counted under another secret
   */
  open(): Promise<void> {
    this.opened ??= this.connect();
    return this.opened;
  }

  private async connect(): Promise<void> {
    try {
      await this.client.connect();
      await this.dataKey();
    } catch (error) {
      if (error instanceof WrongSecretError) throw error;
      this.logger.error({ event: 'store.unreachable', fault: faultOf(error) });
    }
  }

  /** Runs one command, with every failure mapped: the errors of the client carry the command's arguments. */
  async run<T>(command: (client: Redis | Cluster) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(TIMED_OUT)), ANSWER_TIMEOUT_MS); // the client's own begins when it writes
    });
    try {
      return await Promise.race([command(this.client), timeout]);
    } catch (error) {
      throw new StoreUnavailableError(faultOf(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws WrongSecretError if none of the secrets opens the data key */
  async dataKey(): Promise<DataKey> {
    const key = (this.key ??= this.loadDataKey());
    try {
      return await key;
    } catch (error) {
      if (this.key === key) this.key = undefined; // ask again next time
      throw error;
    }
  }

  private async loadDataKey(): Promise<DataKey> {
    const generated = DataKey.generate().wrap(this.secrets[0]);
    const [, stored] = await Promise.all([
      this.run((client) => client.set(DATA_KEY, generated, 'NX')),
      this.run((client) => client.get(DATA_KEY)),
    ]);
    const wrapped = stored ?? generated;
    const found = unwrapWithAny(wrapped, this.secrets);
    if (!found) throw new WrongSecretError('Redis');
    if (!found.wrappedByFirst) {
      // Two processes may both rewrap: both results open with the same secret.
      const rewrapped = found.dataKey.wrap(this.secrets[0]);
      await this.run((client) => client.set(DATA_KEY, rewrapped, 'XX'));
    }
    return found.dataKey;
  }

  /** @throws StoreUnavailableError if limits cannot be counted now */
  async check(): Promise<void> {
    await this.dataKey();
    await this.run((client) => client.ping());
  }

  async close(): Promise<void> {
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
