// npm run pack:sms: makes the npm package of libs/sms, a tarball in dist/, and prints its path.
// npm run pack:sms -- FOLDER: puts it there.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { checkNode, install, npm, root, run, stop } from './setup.mjs';

const LIBRARY = join(root, 'libs/sms');
const COMPILER = 'node_modules/typescript/bin/tsc';

checkNode();
const folder = resolve(process.argv[2] ?? join(root, 'dist'));
const stage = mkdtempSync(join(tmpdir(), 'sms-package-'));
process.once('exit', () => rmSync(stage, { recursive: true, force: true }));
try {
  await install();
  await step('The build', process.execPath, [
    COMPILER,
    '-p',
    join(LIBRARY, 'tsconfig.package.json'),
    '--outDir',
    join(stage, 'dist'),
  ]);
  copyScripts();
  for (const file of ['package.json', 'README.md']) copyFileSync(join(LIBRARY, file), join(stage, file));
  copyFileSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  mkdirSync(folder, { recursive: true });
  const [command, ...args] = npm('pack', stage, '--pack-destination', folder, '--ignore-scripts');
  await step('npm pack', command, [...args, '--loglevel=error'], { stdout: 'ignore' });
  console.log(join(folder, tarballName()));
} catch (error) {
  stop(error.message);
}

/** The Lua scripts of the stores, beside the files that read them. */
function copyScripts() {
  const source = join(LIBRARY, 'src');
  for (const path of readdirSync(source, { recursive: true }).filter((path) => path.endsWith('.lua'))) {
    const copy = join(stage, 'dist', path);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(source, path), copy);
  }
}

/** As npm calls it. */
function tarballName() {
  const { name, version } = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8'));
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}

async function step(name, command, args, options = { stdout: process.stderr }) {
  if ((await run(command, args, options)) !== 0) throw new Error(`${name} failed.`);
}
