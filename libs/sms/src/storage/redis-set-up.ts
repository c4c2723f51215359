/**
 * What in the set-up of a Redis can lose limits and codes.
 * @param info the answer of its INFO command
 * @returns one sentence for each, that says how to mend it
 */
export function weaknessesOf(info: string): string[] {
  const setting = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const weaknesses: string[] = [];
  const policy = setting('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    weaknesses.push(
      `Redis forgets limits when its memory is full (maxmemory-policy ${policy}). Set maxmemory-policy noeviction.`,
    );
  }
  if (setting('aof_enabled') === '0') {
    weaknesses.push(
      'Redis forgets the limits since its last snapshot when it crashes (no append-only file). Set appendonly yes.',
    );
  }
  return weaknesses;
}
