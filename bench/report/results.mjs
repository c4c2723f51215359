// The last results, which git keeps, and the page that is made of them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../../scripts/setup.mjs';
import { chartsOf } from './charts.mjs';
import { renderPage } from './page.mjs';

const RESULTS = join(root, 'bench/results');
const PAGE = join(root, 'docs/performance.md');
const IMAGES = join(root, 'docs/images');
const NAMES = ['comparison', 'growth'];

/** @param name `comparison` or `growth` */
export async function keepResult(name, result) {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(pathOf(name), JSON.stringify(result));
  await format(pathOf(name));
}

export async function writePage() {
  const results = Object.fromEntries(
    NAMES.filter((name) => existsSync(pathOf(name))).map((name) => [
      name,
      JSON.parse(readFileSync(pathOf(name), 'utf8')),
    ]),
  );
  if (Object.keys(results).length === 0) throw new Error('Nothing was measured yet.');
  writeFileSync(PAGE, renderPage(results));
  for (const [file, svg] of Object.entries(chartsOf(results))) writeFileSync(join(IMAGES, file), svg);
  await format(PAGE);
}

async function format(path) {
  const code = await run(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', path], {
    stdout: 'ignore',
  });
  if (code !== 0) throw new Error(`${path} cannot be formatted`);
}

function pathOf(name) {
  return join(RESULTS, `${name}.json`);
}
