// Programs that the tests need: found in PATH, else installed where that may be done.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './setup.mjs';

/** The first of these programs that is in PATH; else Debian's package is installed, as root on a Debian only. */
export async function programFrom(programs, debianPackage) {
  const present = programs.find(inPath);
  if (present || process.getuid?.() !== 0 || !inPath('apt-get')) return present;
  process.stderr.write(`Installing ${debianPackage} ...\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...args) => run('apt-get', args, { env, stdout: process.stderr });
  const install = () => apt('install', '-y', '--no-install-recommends', debianPackage);
  // Fresh images have no package lists.
  if ((await install()) !== 0) {
    await apt('update');
    await install();
  }
  return programs.find(inPath);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns the path of a program, undefined when it is not in PATH */
export function whereIs(program) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function inPath(program) {
  return whereIs(program) !== undefined;
}
