// Preloaded into the API (`node --import`): its time is the one that a test keeps in a file and, for the scripts of
// Redis, under a key. See virtual-clock.ts.
import { openSync, readSync } from 'node:fs';
import { Redis } from 'ioredis';

const file = openSync(process.env.TEST_CLOCK_FILE, 'r');
const time = Buffer.alloc(8);
Date.now = () => {
  readSync(file, time, 0, time.length, 0);
  return time.readDoubleBE();
};

const clockOfRedis = `(function()
  local ms = tonumber(redis.call('GET', '${process.env.TEST_CLOCK_KEY}'))
  return { math.floor(ms / 1000), ms % 1000 * 1000 }
end)()`;
const { defineCommand } = Redis.prototype;
Redis.prototype.defineCommand = function (name, { lua, ...definition }) {
  return defineCommand.call(this, name, {
    ...definition,
    lua: lua.replaceAll("redis.call('TIME')", clockOfRedis),
  });
};
