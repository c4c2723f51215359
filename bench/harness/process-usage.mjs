// What a process has used so far.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const isLinux = process.platform === 'linux';

/** Time on a core of all its threads in microseconds, so that the garbage collector and the compiler are in it. */
export function cpuMicroseconds(pid) {
  return isLinux ? cpuOfThreads(pid) : cpuByPs(pid);
}

/** Memory that it holds, in bytes. */
export function residentBytes(pid) {
  if (!isLinux) return Number(ps(pid, 'rss')) * 1_024;
  const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kilobytes) * 1_024;
}

function cpuOfThreads(pid) {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // it has just ended
    }
  }
  return nanoseconds / 1_000;
}

/** `ps` counts in hundredths of a second at best. */
function cpuByPs(pid) {
  const seconds = ps(pid, 'time')
    .split(/[:-]/)
    .reduce((sum, part) => sum * 60 + Number(part), 0);
  return seconds * 1_000_000;
}

function ps(pid, column) {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}
