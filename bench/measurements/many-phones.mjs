// Fills Redis with active phones, quickly. One phone is sent a code through the service; the records that this made are
// then written under other names (DUMP and RESTORE), so they are what the service writes, to the byte, however it is
// laid out. What phones share (the data key, limits by address) is there once, as it would be.
import { Contestant } from '../harness/contestant.mjs';
import { closedLoop, times } from '../harness/load.mjs';

const PHONES_PER_CALL = 5_000;
const SCRIPT = `
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local tag = string.format('%022d', number)
  for first = 3, #ARGV, 4 do
    redis.call('RESTORE', ARGV[first] .. tag .. ARGV[first + 1], ARGV[first + 2], ARGV[first + 3])
  end
end`;

/** @returns the records of one phone: what stands before and after its tag, life in ms, value */
export async function recordsOfOnePhone(kind, world) {
  const { control } = world.redis;
  await world.reset();
  const contestant = await Contestant.start(kind, world);
  const send = () => closedLoop(contestant, times(contestant.sends(), 1), 1);
  const keys = async () => (await control.callBuffer('KEYS', '*')).map((key) => key.toString('latin1'));
  try {
    await send();
    const before = new Set(await keys());
    await send();
    const made = (await keys()).filter((key) => !before.has(key));
    return await Promise.all(
      made.map(async (key) => {
        const name = Buffer.from(key, 'latin1');
        const [lifeMs, value] = await Promise.all([control.pttl(name), control.dumpBuffer(name)]);
        return { ...aroundTag(key), lifeMs: Math.max(0, lifeMs), value };
      }),
    );
  } finally {
    await contestant.stop();
  }
}

/** Writes the records of phones numbered from `first` to before `end`. */
export async function fill({ control }, records, first, end) {
  const described = records.flatMap(({ before, after, lifeMs, value }) => [before, after, lifeMs, value]);
  for (let number = first; number < end; number += PHONES_PER_CALL) {
    const last = Math.min(end, number + PHONES_PER_CALL) - 1;
    await control.call('EVAL', SCRIPT, 0, number, last, ...described);
  }
}

/** The tag of a phone is what Redis Cluster hashes; without one it is the end of the name. */
function aroundTag(key) {
  const braces = /^(.*\{)[^}]+(\}.*)$/s.exec(key);
  const [before, after] = braces ? braces.slice(1) : [key.slice(0, -16), ''];
  return { before: Buffer.from(before, 'latin1'), after: Buffer.from(after, 'latin1') };
}
