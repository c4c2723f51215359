import { Logger } from '@nestjs/common';
import { Cluster, type Redis } from 'ioredis';
import { isEmpty, runIdOf, weaknessesOf } from './redis-set-up.js';
import { faultOf } from './redis.faults.js';

const CONSEQUENCE = 'The limits counted so far are gone, and codes sent so far cannot be checked.';

/** Logs what an operator has to know of the Redis behind a client: its set-up, its losses, the nodes of its cluster. */
export class RedisWatch {
  private readonly logger = new Logger('RedisStorage');
  private readonly warned = new Set<string>();
  private readonly lostNodes = new Set<string>();
  /** By node; another one means that the server was started again. */
  private readonly runIds = new Map<string, string>();
  private readonly inspections = new Set<Promise<void>>();

  constructor(private readonly client: Redis | Cluster) {
    if (client instanceof Cluster) {
      client.on('+node', (node: Redis) => {
        if (!node.options.readOnly) this.watch(node);
      });
      client.on('node error', (error: Error, node: string) => this.nodeLost(node, faultOf(error)));
    } else {
      this.watch(client);
    }
  }

  /** Once every primary has said how it is set up, or could not be connected to. */
  async inspected(): Promise<void> {
    await Promise.all(this.inspections);
  }

  /** The data key is gone, or another one is in its place. */
  emptied(): void {
    this.logger.error({ event: 'store.emptied', consequence: CONSEQUENCE });
  }

  private watch(node: Redis): void {
    const inspection = new Promise<void>((done) => {
      node.on('ready', () => void this.inspect(node).finally(done));
      node.once('end', done);
    });
    this.inspections.add(inspection);
    void inspection.finally(() => this.inspections.delete(inspection));
  }

  private async inspect(node: Redis): Promise<void> {
    const address = `${node.options.host}:${node.options.port}`;
    if (this.lostNodes.delete(address)) this.logger.log({ event: 'store.node_found', node: address });
    try {
      const info = await node.info();
      this.noteStart(address, info, node.options.db ?? 0);
      for (const { weakness, remedy } of weaknessesOf(info, this.client instanceof Cluster)) {
        this.warnOnce({ event: 'store.weak_set_up', weakness: `${weakness} ${remedy}` });
      }
    } catch (error) {
      this.warnOnce({ event: 'store.set_up_not_checked', fault: faultOf(error) });
    }
  }

  /** A Redis without persistence is empty after each start. */
  private noteStart(node: string, info: string, database: number): void {
    const runId = runIdOf(info);
    const before = this.runIds.get(node);
    if (before && runId !== before && isEmpty(info, database)) {
      this.logger.error({ event: 'store.restarted_empty', node, consequence: CONSEQUENCE });
    }
    if (runId) this.runIds.set(node, runId);
  }

  private nodeLost(node: string, fault: string): void {
    if (this.lostNodes.has(node)) return;
    this.lostNodes.add(node);
    this.logger.error({ event: 'store.node_lost', node, fault });
  }

  /** Several nodes, and each reconnect, say the same. */
  private warnOnce(warning: Record<string, string>): void {
    const text = JSON.stringify(warning);
    if (this.warned.has(text)) return;
    this.warned.add(text);
    this.logger.warn(warning);
  }
}
