// Every process that the benchmark starts, so that none is left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const STOP_DEADLINE_MS = 15_000;
const running = new Set();

process.once('exit', killAll);

/** @returns the child; its standard error is kept for when it fails */
export function start(command, args, { env, cwd, stdout = 'ignore' } = {}) {
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', stdout, 'pipe'] });
  running.add(child);
  child.printed = '';
  child.stderr.on('data', (chunk) => (child.printed = (child.printed + chunk).slice(-4_000)));
  child.once('error', (error) => (child.printed += error.message));
  child.once('close', () => running.delete(child));
  return child;
}

/** Asks it to end, and waits; after a while it has to. */
export async function stop(child, signal = 'SIGTERM') {
  if (hasEnded(child)) return;
  const closed = once(child, 'close');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  child.kill(signal);
  await closed;
  clearTimeout(timer);
}

export function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** At once. */
export function killAll() {
  for (const child of running) child.kill('SIGKILL');
}
