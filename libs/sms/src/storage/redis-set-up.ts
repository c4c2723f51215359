/** What in the set-up of a Redis can lose limits and codes, and how to mend it. */
export interface RedisWeakness {
  readonly weakness: string;
  readonly remedy: string;
  readonly kind: 'eviction' | 'persistence' | 'cluster';
}

/**
 * @param info the answer of its INFO command
 * @param isCluster whether it is used as a node of a cluster
 */
export function weaknessesOf(info: string, isCluster = false): RedisWeakness[] {
  const weaknesses: RedisWeakness[] = [];
  const policy = setting(info, 'maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    weaknesses.push({
      kind: 'eviction',
      weakness: `Redis forgets limits when its memory is full (maxmemory-policy ${policy}).`,
      remedy: 'Set maxmemory-policy noeviction.',
    });
  }
  if (setting(info, 'aof_enabled') === '0') {
    weaknesses.push({
      kind: 'persistence',
      weakness: 'Redis forgets the limits since its last snapshot when it crashes (no append-only file).',
      remedy: 'Set appendonly yes.',
    });
  }
  if (setting(info, 'aof_last_write_status') === 'err') {
    weaknesses.push({
      kind: 'persistence',
      weakness: 'Redis cannot write its append-only file.',
      remedy: 'Look at its log, and at the space on its disk.',
    });
  }
  if (!isCluster && setting(info, 'cluster_enabled') === '1') {
    weaknesses.push({
      kind: 'cluster',
      weakness: 'Redis is a node of a cluster, and is used as if it were all of it.',
      remedy: 'Give redis.url several nodes, comma separated.',
    });
  }
  return weaknesses;
}

/** Another one with each start of the server. */
export function runIdOf(info: string): string | undefined {
  return setting(info, 'run_id');
}

/** Whether a database has no keys. @param database 0 on a cluster */
export function isEmpty(info: string, database: number): boolean {
  return setting(info, `db${database}`) === undefined;
}

function setting(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
}
