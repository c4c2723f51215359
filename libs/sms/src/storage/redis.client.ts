import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Secret } from '../secret.js';
import { RedisConnector } from './redis.connector.js';
import { faultOf } from './redis.faults.js';

/** What a server says that is no primary any more; behind the same name there is a new one, or will be soon. */
const DEMOTED = new Set(['READONLY', 'MASTERDOWN']);

/** How long a call may look for a node of a cluster whose connection is being made. */
const NODE_WAIT_MS = 250;
const NODE_RETRY_INTERVAL_MS = 25;

const retryDelayMs = (attempt: number): number => Math.min(50 * 2 ** attempt, 1_000);

const CONNECTION: RedisOptions = {
  Connector: RedisConnector,
  lazyConnect: true,
  // Nothing is queued while disconnected, and nothing is sent again after a reconnect.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // A Redis that is not ready says why to each command, and serves as soon as it is; and INFO may not be allowed.
  enableReadyCheck: false,
  disableClientInfo: true,
  // Longer than anybody waits for an answer. A connection that went silent is left for a new one before a command times
  // out: else what waits behind it would be sent on, after its caller was told that the store is unavailable.
  connectTimeout: 2_000,
  socketTimeout: 1_500,
  commandTimeout: 2_500,
  disconnectTimeout: 500, // a process that ends is not held up by a Redis that is gone
  retryStrategy: retryDelayMs,
  reconnectOnError: (error) => DEMOTED.has(faultOf(error)),
};

/**
 * A client that is not connected yet.
 * @param urls `redis://` or `rediss://`; several, comma separated, are nodes of one cluster, which share the
 * credentials of the first
 */
export function createRedisClient(urls: Secret): Redis | Cluster {
  const nodes = urls
    .reveal()
    .split(',')
    .map((url) => new URL(url));
  const isEncrypted = nodes.some(({ protocol }) => protocol === 'rediss:');
  const connection = { ...CONNECTION, ...(isEncrypted && { tls: {} }) };
  if (nodes.length > 1) return createCluster(nodes, connection);
  return new Redis(nodes[0].href, connection);
}

function createCluster(nodes: URL[], connection: RedisOptions): Cluster {
  const { username, password } = nodes[0];
  const client = new Cluster(
    nodes.map(({ href }) => href),
    {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      // A pipeline is routed as a whole: it would fail when one of its slots has moved.
      enableAutoPipelining: false,
      // The names are kept, since certificates are made out to them. One that is not known does not stop the others.
      dnsLookup: (hostname, callback) => callback(null, hostname),
      // While a slot moves, new keys beside old ones have to wait (TRYAGAIN): for most of the time that an answer has.
      maxRedirections: 16,
      retryDelayOnTryAgain: 50,
      // These tries would go on after the caller got its answer.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      clusterRetryStrategy: retryDelayMs,
      redisOptions: {
        ...connection,
        enableAutoPipelining: false, // ASKING has to stay before the command that it is for
        username: decodeURIComponent(username) || undefined,
        password: decodeURIComponent(password) || undefined,
      },
    },
  );
  // Connected before it is needed: a command that meets a connection in the making is refused.
  client.on('+node', (node: Redis) => {
    if (!node.options.readOnly) void node.connect().catch(() => undefined);
  });
  return client;
}

/**
 * Runs a command. On a cluster it may meet a connection that is being made, or lose it with a node; it is then tried
 * again for a moment, which every operation of the stores bears.
 */
export async function runCommand<T, Client extends Redis | Cluster>(
  client: Client,
  command: (client: Client) => Promise<T>,
): Promise<T> {
  if (!(client instanceof Cluster)) return command(client);
  const until = performance.now() + NODE_WAIT_MS;
  for (;;) {
    try {
      return await command(client);
    } catch (error) {
      const isClosed = error instanceof Error && error.message === 'Connection is closed.';
      if (!isClosed || performance.now() > until) throw error;
    }
    await sleep(NODE_RETRY_INTERVAL_MS);
  }
}
