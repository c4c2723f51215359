// One core for what is measured, another for what measures it (Redis, Twilio, the load), so that they do not take turns.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const allowed = coresOfThisProcess();
/** Undefined where processes cannot be kept on cores. */
const pinned =
  allowed.length >= 2 && spawnSync('taskset', ['-V'], { stdio: 'ignore' }).status === 0
    ? { measured: [allowed[0], ...allowed.slice(2)], harness: allowed[1] }
    : undefined;

/** Keeps this process, and what it starts, on the core of the harness. */
export function pinHarness() {
  if (!pinned) return;
  execFileSync('taskset', ['-a', '-p', '-c', String(pinned.harness), String(process.pid)], {
    stdio: 'ignore',
  });
}

/**
 * The command and arguments that start a program on a core that is measured.
 * @param index of the process, where several are measured together: each has a core of its own while there are enough
 */
export function onMeasuredCore(command, args, index = 0) {
  if (!pinned) return [command, args];
  const core = pinned.measured[index % pinned.measured.length];
  return ['taskset', ['-c', String(core), command, ...args]];
}

/** On how many cores several processes can be measured together. */
export const measuredCores = pinned ? pinned.measured.length : availableParallelism();

/** For the report. */
export function pinning() {
  return pinned
    ? `what is measured runs on core ${pinned.measured[0]}; Redis, Twilio and the load on core ${pinned.harness}`
    : 'not pinned: taskset or a second core is missing, so the numbers are noisier';
}

/** Those that a container allows are not always the first. */
function coresOfThisProcess() {
  try {
    const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return []; // not Linux
  }
}
