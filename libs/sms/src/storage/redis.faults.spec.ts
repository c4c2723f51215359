import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RedisRateLimitStore } from '../rate-limit/redis.store.js';
import { Secret } from '../secret.js';
import { StoreUnavailableError } from '../sms.errors.js';
import { RedisStorage } from './redis.storage.js';

const SECRET = new Secret('the-secret-of-this-spec-has-at-least-32-bytes');
const LIMIT = { units: 1, windowMs: 86_400_000, cooldownMs: 60_000, sendMs: 10_000, returns: 3 };

let server: Server;
let storage: RedisStorage;
const sockets = new Set<Socket>();
beforeEach(() => Logger.overrideLogger(false));
afterEach(async () => {
  await storage.close();
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** A server that speaks the protocol of Redis, as far as to give each command an answer of the test's. */
async function connectTo(answer: (command: string) => string): Promise<void> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const [, command] of data.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        socket.write(`${answer(command.toUpperCase())}\r\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  storage = new RedisStorage(new Secret(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`), [
    SECRET,
  ]);
  await storage.open();
}

async function faultOf(use: () => Promise<unknown>): Promise<string> {
  const error: unknown = await use().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('canary');
  return (error as StoreUnavailableError).fault;
}

describe('What Redis answers in place of a result', () => {
  it.each([
    ['READONLY', "READONLY You can't write against a read only replica. script: canary"],
    ['READONLY', "ERR Error running script (call to f_canary): @user_script:41: -READONLY You can't write"],
    ['LOADING', 'LOADING Redis is loading the dataset in memory'],
    ['MASTERDOWN', "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
    ['CLUSTERDOWN', 'CLUSTERDOWN The cluster is down'],
    ['OOM', "OOM command not allowed when used memory > 'maxmemory'. canary"],
    ['BUSY', 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'],
    ['NOAUTH', 'NOAUTH Authentication required.'],
    ['NOPERM', "NOPERM this user has no permissions to run the 'canary' command"],
    ['NOPERM', "ERR The user executing the script can't run this command or subcommand script: canary"],
    ['WRONGTYPE', 'WRONGTYPE Operation against a key holding the wrong kind of value canary'],
    ['MISCONF', 'MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk.'],
    ['NOREPLICAS', 'NOREPLICAS Not enough good replicas to write.'],
    ['MOVED', 'MOVED 1234 127.0.0.1:1'],
  ])('is STORE_UNAVAILABLE, and %s is its fault: %s', async (fault, reply) => {
    await connectTo((command) => (command === 'HELLO' ? "-ERR unknown command 'HELLO'" : `-${reply}`));
    expect(await faultOf(() => storage.check())).toBe(fault);
    expect(await faultOf(() => storage.run((client) => client.get('canary')))).toBe(fault);
    const limits = new RedisRateLimitStore(storage);
    expect(await faultOf(() => limits.reserve('canary', LIMIT, 'first'))).toBe(fault);
  });

  it('is still told when it ended the connection', async () => {
    await connectTo(() => '-NOAUTH HELLO must be called with the client already authenticated');
    expect(await faultOf(() => storage.run((client) => client.get('canary')))).toBe('NOAUTH');
  });
});
