// What has to be there before anything can run: the right Node, the dependencies, the built files. Built-ins only,
// because nothing else is installed yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** What starts: the bundle of the API, in `dist`. */
export const API = 'api/main.mjs';

const OLDEST_NODE = [20, 19];
const INSTALL_STAMP = 'node_modules/.install-stamp';
const BUILD_TOOL = 'node_modules/@nestjs/cli/bin/nest.js';
const BUNDLER = 'scripts/bundle.mjs';
const BUILD_STAMP = 'dist/.build-stamp';
const BUILD_INPUTS = [
  'apps',
  'libs',
  'nest-cli.json',
  'package-lock.json',
  BUNDLER,
  'scripts/setup.mjs',
  'tsconfig.build.json',
  'tsconfig.json',
];

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Commands that run now, so that whoever is stopped can stop them too. */
const running = new Set();

/** Ends the process with one line when Node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  stop(`Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`);
}

/** Ends the process with one line. */
export function stop(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

/**
 * Installs and builds when needed; ends the process with one line when that fails.
 * @param folders of further packages to install
 */
export async function prepare(...folders) {
  checkNode();
  try {
    await install();
    await build();
    for (const folder of folders) await install(folder);
  } catch (error) {
    stop(error.message);
  }
}

/**
 * Installs from the lock file what is not installed yet, development tools included.
 * @param folder of the package, from the root folder
 */
export async function install(folder = '.') {
  if (isInstalled(folder)) return;
  await locked(async () => {
    if (isInstalled(folder)) return;
    say(folder === '.' ? 'Installing dependencies ...' : `Installing the dependencies of ${folder} ...`);
    // NODE_ENV=production would leave the development tools out.
    const options = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    await step('npm ci', ...npm('ci', '--prefix', join(root, folder), ...options));
    writeStamp(join(folder, INSTALL_STAMP), installHash(folder));
  });
}

/** Builds what is not built yet, or everything when asked to. */
export async function build({ always = false } = {}) {
  if (!always && isBuilt()) return;
  await locked(async () => {
    if (!always && isBuilt()) return;
    say('Building ...');
    const hash = buildHash();
    await step('The build', process.execPath, BUILD_TOOL, 'build', 'api');
    await step('The bundle', process.execPath, BUNDLER);
    writeStamp(BUILD_STAMP, hash);
  });
}

/** Imports a built file into this process, so that signals and exit codes are its own. */
export function importBuilt(path) {
  return import(new URL(`../dist/${path}`, import.meta.url).href);
}

/**
 * Runs a command in the root folder and gives its exit code. Its output goes where `stdout` says.
 * With `group`, what it started ends with it.
 */
export function run(command, args, { env = process.env, stdout = 'inherit', group = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', stdout, 'inherit'],
      detached: group,
    });
    running.add(child);
    child.once('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.once('close', (code) => {
      running.delete(child);
      if (group) killGroup(child.pid);
      resolve(code ?? 1);
    });
  });
}

function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // nothing was left
  }
}

/** Passes a signal on to what runs now, and waits for its end. */
export async function endRunning(signal) {
  const ended = [...running].map((child) => once(child, 'close'));
  for (const child of running) child.kill(signal);
  await Promise.all(ended);
}

/** Preparations talk on stderr: stdout belongs to what is started. */
async function step(name, command, ...args) {
  const code = await run(command, args, { stdout: process.stderr });
  if (code !== 0) throw new StepFailed(name);
}

/** A preparation that failed and has said why. */
export class StepFailed extends Error {
  constructor(name) {
    super(`${name} failed.`);
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

/** The npm that runs this script, else the one in PATH. */
export function npm(...args) {
  const path = process.env.npm_execpath;
  if (path && basename(path) === 'npm-cli.js') return [process.execPath, path, ...args];
  return ['npm', ...args];
}

function isInstalled(folder) {
  // What `npm prune --omit=dev` took away is missing, whatever the stamp says.
  if (folder === '.' && !existsSync(join(root, BUILD_TOOL))) return false;
  const hash = installHash(folder);
  if (readStamp(join(folder, INSTALL_STAMP)) === hash) return true;
  if (!isInstalledByHand(folder)) return false;
  writeStamp(join(folder, INSTALL_STAMP), hash);
  return true;
}

/** Add-ons are bound to a platform, so its name belongs to the stamp. */
function installHash(folder) {
  return hashOf([process.platform, process.arch, readFileSync(join(root, folder, 'package-lock.json'))]);
}

/** npm leaves a record of what it installed: someone may have run `npm ci` before, as an image build does. */
function isInstalledByHand(folder) {
  // A stamp that differs says more than the record: another platform, or a lock file that has changed.
  if (readStamp(join(folder, INSTALL_STAMP)) !== undefined) return false;
  const record = join(root, folder, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, folder, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || optional || (installed[path] && installed[path].version === version),
  );
}

function isBuilt() {
  return readStamp(BUILD_STAMP) === buildHash();
}

function buildHash() {
  return hashOf(
    BUILD_INPUTS.flatMap(filesIn)
      .filter((path) => !path.endsWith('.spec.ts'))
      .flatMap((path) => [path, readFileSync(join(root, path))]),
  );
}

function filesIn(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesIn(`${path}/${name}`));
}

function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

function readStamp(path) {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** Whole or not at all. */
function writeStamp(path, hash) {
  const temporary = join(root, `${path}.${process.pid}`);
  writeFileSync(temporary, hash);
  renameSync(temporary, join(root, path));
}

/** Lets one process of this machine prepare at a time. A lock whose process is gone counts no more. */
async function locked(work) {
  const lock = join(tmpdir(), `phone-verification-${hashOf([root]).slice(0, 16)}.lock`);
  const holder = join(lock, 'pid');
  let said = false;
  while (!tryLock(lock, holder)) {
    if (isAbandoned(lock, holder)) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!said) say('Waiting for another process that installs or builds ...');
    said = true;
    await sleep(200);
  }
  const unlock = () => rmSync(lock, { recursive: true, force: true });
  const endOnSignal = (signal) => {
    // npm first ends what it writes: the next start must not begin in the middle of it.
    void endRunning(signal).finally(() => {
      unlock();
      process.exit(128 + constants.signals[signal]);
    });
  };
  for (const signal of SIGNALS) process.once(signal, endOnSignal);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, endOnSignal);
    unlock();
  }
}

function tryLock(lock, holder) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(holder, String(process.pid));
  return true;
}

function isAbandoned(lock, holder) {
  try {
    if (!existsSync(holder)) return Date.now() - statSync(lock).mtimeMs > 10_000;
    process.kill(Number(readFileSync(holder, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
