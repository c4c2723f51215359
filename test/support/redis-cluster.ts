import { Redis } from 'ioredis';
import { freePort } from '../../scripts/redis.mjs';
import { RedisServer } from './redis-server.js';
import { until } from './until.js';

const SLOTS = 16_384;
const NODES = 3;

interface Node {
  readonly server: RedisServer;
  readonly client: Redis;
  /** For the other nodes. */
  readonly busPort: number;
  readonly port: number;
}

export interface ClusterSettings {
  /** Of each node, as on the command line. */
  readonly settings?: readonly string[];
  readonly password?: string;
  /** The settings with which nodes speak TLS, to clients and to each other. */
  readonly tls?: readonly string[];
}

/** A Redis Cluster of three primaries. */
export class RedisCluster {
  private constructor(private readonly nodes: readonly Node[]) {}

  static async start({ settings = [], password, tls }: ClusterSettings = {}): Promise<RedisCluster> {
    const nodes = await Promise.all(
      Array.from({ length: NODES }, async () => {
        const [busPort, tlsPort] = [await freePort(), tls && (await freePort())];
        const server = await RedisServer.start([
          '--cluster-enabled',
          'yes',
          '--cluster-port',
          `${busPort}`,
          ...(password ? ['--requirepass', password, '--masterauth', password] : []),
          ...(tls ? ['--tls-port', `${tlsPort}`, '--tls-cluster', 'yes', ...tls] : []),
          ...settings,
        ]);
        return {
          server,
          busPort,
          port: tlsPort ?? server.port,
          client: new Redis(server.port, '127.0.0.1', { password }),
        };
      }),
    );
    const cluster = new RedisCluster(nodes);
    try {
      await cluster.join();
      await cluster.untilServing();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** For `redis.url`. */
  get url(): string {
    return this.nodes.map(({ server }) => server.url).join(',');
  }

  /** The ports that clients connect to. */
  get ports(): number[] {
    return this.nodes.map(({ port }) => port);
  }

  get servers(): RedisServer[] {
    return this.nodes.map(({ server }) => server);
  }

  /** A connection to each node. */
  get clients(): Redis[] {
    return this.nodes.map(({ client }) => client);
  }

  /** Which node serves a key. */
  async ownerOf(key: string): Promise<number> {
    const client = this.clients.find(({ status }) => status === 'ready')!;
    const slot = await client.cluster('KEYSLOT', key);
    const ranges = await client.cluster('SLOTS');
    const owner = ranges.find(([first, last]) => first <= slot && slot <= last)?.[2];
    return this.servers.findIndex(({ port }) => port === owner?.[1]);
  }

  /**
   * Moves the slot of a key, and what is in it, to another node, as a resharding does.
   * @param halfway is called when the keys are there, and the nodes still send clients to where they were
   */
  async move(key: string, from: number, to: number, halfway: () => Promise<unknown>): Promise<void> {
    const [source, target] = [this.clients[from], this.clients[to]];
    const [sourceId, targetId] = [await source.cluster('MYID'), await target.cluster('MYID')];
    const slot = await source.cluster('KEYSLOT', key);
    await target.cluster('SETSLOT', slot, 'IMPORTING', sourceId);
    await source.cluster('SETSLOT', slot, 'MIGRATING', targetId);
    for (;;) {
      const keys = await source.cluster('GETKEYSINSLOT', slot, 10);
      if (keys.length === 0) break;
      for (const one of keys) await source.migrate('127.0.0.1', this.ports[to], one, 0, 5_000);
    }
    await halfway();
    for (const client of [target, source, ...this.clients]) {
      await client.cluster('SETSLOT', slot, 'NODE', targetId);
    }
  }

  async untilServing(): Promise<void> {
    const isServing = async ({ client }: Node): Promise<boolean> => {
      const info = await client.cluster('INFO');
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${NODES}`);
    };
    await until('all nodes serve', async () => (await Promise.all(this.nodes.map(isServing))).every(Boolean));
  }

  async stop(): Promise<void> {
    for (const { client } of this.nodes) client.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private async join(): Promise<void> {
    await Promise.all(
      this.nodes.map(async ({ client }, index) => {
        const [first, afterLast] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / NODES));
        await client.cluster('ADDSLOTSRANGE', first, afterLast - 1);
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      }),
    );
    for (const { port, busPort } of this.nodes.slice(1)) {
      await this.clients[0].call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    }
  }
}
