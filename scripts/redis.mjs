// A Redis for the tests: the one of REDIS_URL, or a server of our own that leaves nothing behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programFrom } from './debian.mjs';

const SERVERS = ['redis-server', 'valkey-server'];
const START_TRIES = 3;
const START_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 5_000;

/** A Redis that answers, and how to stop it. */
export async function startRedis() {
  const program = await redisProgram(); // tests of clusters, certificates and failover start servers of their own
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop: async () => {} };
  for (let attempt = 1; attempt <= START_TRIES; attempt++) {
    const redis = await spawnRedis(program);
    if (redis) return redis;
  }
  throw new Error(`${program} does not start.`);
}

/** The server to start: the one that is installed, or Debian's package where we may install it. */
export async function redisProgram() {
  const program = await programFrom(SERVERS, 'redis-server');
  if (!program) throw new Error('The tests need a Redis: install redis-server or valkey-server.');
  return program;
}

/** Undefined when it did not come up, as when someone else was faster to take the port. */
async function spawnRedis(program) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'test-redis-'));
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn(program, args, { cwd: folder, stdio: 'ignore' });
  const exited = new Promise((resolve) => {
    server.once('exit', resolve);
    server.once('error', resolve);
  });
  let gone = false;
  void exited.then(() => (gone = true));

  const kill = () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);
  const stop = async () => {
    server.kill();
    await Promise.race([exited, sleep(STOP_DEADLINE_MS, undefined, { ref: false })]);
    process.off('exit', kill);
    kill();
  };

  const deadline = Date.now() + START_DEADLINE_MS;
  while (!gone && Date.now() < deadline) {
    if (await answers(port)) return { url: `redis://127.0.0.1:${port}`, stop };
    await sleep(20);
  }
  await stop();
  return undefined;
}

/** Whether a Redis is there, with or without a password. */
export async function answers(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [reply] = await once(socket, 'data');
    return /^(\+PONG|-NOAUTH)/.test(String(reply));
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
