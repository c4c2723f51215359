import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Secret } from '@app/sms';
import { inspectDataFile } from '@app/sms/internals';
import type { Finding } from './finding.js';
import { wrongSecret } from './redis.findings.js';

/** Below this the store is soon in trouble. */
const LITTLE_ROOM_BYTES = 64 * 1024 * 1024;
const { R_OK, W_OK, X_OK } = constants;

/** Whether the folder can be used. Nothing is written: the right to is asked for. */
export function folderFinding(dataPath: string): Finding {
  const folder = resolve(dataPath);
  const existing = nearestExisting(folder);
  const fault = faultOf(() => accessSync(existing, R_OK | W_OK | X_OK));
  if (fault !== undefined) {
    return {
      check: 'data folder',
      result: 'fail',
      seen: `${existing} cannot be written to by this user (${fault}).`,
      fix: 'Give the folder of data.path to the user of this service (chown), or set data.path to another one.',
    };
  }
  const { bavail, bsize } = statfsSync(existing);
  if (bavail * bsize < LITTLE_ROOM_BYTES) {
    return {
      check: 'data folder',
      result: 'warn',
      seen: `There are only ${Math.floor((bavail * bsize) / 2 ** 20)} MiB left on the disk of ${folder}.`,
      fix: 'Make room there, or set data.path to a folder on another disk.',
    };
  }
  const seen =
    existing === folder ? `${folder} can be written to.` : `${folder} is made at the first start; it may be.`;
  return { check: 'data folder', result: 'pass', seen };
}

/** Whether the file of the embedded store is as it was written. It is read only, also beside a running service. */
export async function* dataFileFindings(
  dataPath: string,
  secrets: readonly Secret[],
): AsyncGenerator<Finding> {
  const check = 'data file';
  const file = join(resolve(dataPath), 'limits.mdb');
  const fault = existsSync(file) ? faultOf(() => accessSync(file, R_OK | W_OK)) : undefined;
  if (fault !== undefined) {
    yield {
      check,
      result: 'fail',
      seen: `${file} cannot be read and written by this user (${fault}).`,
      fix: 'Give the file to the user of this service (chown).',
    };
    return;
  }
  const found = await inspectDataFile(dataPath, secrets);
  switch (found.state) {
    case 'missing':
      yield { check, result: 'pass', seen: 'There is no data file yet; it is made at the first start.' };
      return;
    case 'damaged':
      yield {
        check,
        result: 'fail',
        seen: `${file} is damaged: ${found.damage}.`,
        fix: 'Restore it from a backup; or move it away, accepting that all limits and pending codes are forgotten.',
      };
      return;
    case 'changing':
      yield {
        check,
        result: 'look here',
        seen: `${file} was written to all the while, and could not be checked.`,
        fix: 'Run this again when there is less to do. The start of the service checks the file too.',
      };
      return;
    case 'sound':
      yield { check, result: 'pass', seen: `The data file is sound, with ${found.records} records.` };
      if (found.opens === false) yield wrongSecret('The data file');
  }
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}

/** The system's name of what went wrong. */
function faultOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  }
}
