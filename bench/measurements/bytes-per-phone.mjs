// What an active phone takes in Redis: ten sends and one live code, no guess, no idempotency key, no callback.
import { Contestant } from '../harness/contestant.mjs';
import { closedLoop, times } from '../harness/load.mjs';
import { newPhones } from '../harness/phones.mjs';
import { VirtualClock } from '../harness/virtual-clock.mjs';

const SENDS = 10;
const IN_FLIGHT = 50;
const TWO_DAYS_MS = 48 * 60 * 60_000;
/** Longer than an ended code is remembered. */
const AN_HOUR_AND_A_HALF_MS = 90 * 60_000;

export async function measureBytesPerPhone(kind, world, phoneCount) {
  await world.reset();
  const clock = await VirtualClock.start(world.redis);
  const settings = { SERVER_SMS_COOLDOWN_SECONDS: '0' };
  const contestant = await Contestant.start(clock.givenTo(kind), world, settings);
  try {
    await closedLoop(contestant, times(contestant.sends(), IN_FLIGHT), IN_FLIGHT); // scripts and connections are there
    const others = new Set(await world.redis.control.keys('*'));
    const usedBytes = async () => (await world.redis.usage()).usedBytes;
    const before = await usedBytes();
    const phones = newPhones(phoneCount);
    const send = () => closedLoop(contestant, contestant.sends(phones), IN_FLIGHT);

    await send();
    const afterOne = await usedBytes();
    for (let sent = 1; sent < SENDS; sent += 1) await send();
    const afterTen = await usedBytes();

    // The same with time between the sends: nine are an hour and a half ago.
    await clock.pass(TWO_DAYS_MS); // nothing of that is left
    for (let sent = 1; sent < SENDS; sent += 1) await send();
    await clock.pass(AN_HOUR_AND_A_HALF_MS);
    await send();
    const kinds = await kindsOfKeys(world.redis, others, phoneCount);
    const spread = await bytesOf(world.redis, others);
    const perPhone = (bytes) => bytes / phoneCount;
    return {
      phones: phoneCount,
      oneSend: perPhone(afterOne - before),
      tenSends: perPhone(afterTen - before),
      spreadTenSends: perPhone(spread),
      kinds,
    };
  } finally {
    await contestant.stop();
    clock.stop();
  }
}

/** What the keys take in a Redis that had no others before: one that had keeps larger tables for a while. */
async function bytesOf(redis, others) {
  const records = [];
  for (const key of await redis.control.callBuffer('KEYS', '*')) {
    if (others.has(key.toString())) continue;
    records.push([key, await redis.control.pttl(key), await redis.control.dumpBuffer(key)]);
  }
  const restore = async () => {
    await redis.empty();
    const { usedBytes: before } = await redis.usage();
    for (const [key, lifeMs, value] of records) await redis.control.restore(key, lifeMs, value);
    return (await redis.usage()).usedBytes - before;
  };
  await restore(); // makes room for what is not of the keys: a histogram of this command's times, buffers of the connection
  return restore();
}

/** Keys by their form, so that one sees what takes the room: how many per phone, and how large. */
async function kindsOfKeys(redis, others, phoneCount) {
  const kinds = new Map();
  for (const key of await keysBut(redis, others)) {
    const form = formOf(key);
    const kind = kinds.get(form) ?? { keys: 0, bytes: 0 };
    const bytes = await redis.control.memory('USAGE', key);
    kinds.set(form, { keys: kind.keys + 1, bytes: kind.bytes + bytes });
  }
  return [...kinds]
    .map(([form, { keys, bytes }]) => ({
      form,
      keysPerPhone: keys / phoneCount,
      bytesPerKey: bytes / keys,
      bytesPerPhone: bytes / phoneCount,
    }))
    .filter(({ keysPerPhone }) => keysPerPhone > 0.01)
    .sort((one, other) => other.bytesPerPhone - one.bytesPerPhone);
}

async function keysBut({ control }, others) {
  const keys = await control.keys('*');
  return keys.filter((key) => !others.has(key));
}

/** Without what is random in it: a part with a digit or a capital letter, or a long one. */
function formOf(key) {
  return key.replaceAll(/[^:{}]+/g, (part) => (/[A-Z0-9]/.test(part) || part.length > 16 ? '*' : part));
}
