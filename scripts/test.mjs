// npm test: everything that has to hold, in sequence, up to the first step that fails.
// npm test -- ARGUMENTS: builds, and runs jest alone, with these arguments.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.mjs';
import { startRedis } from './redis.mjs';
import { build, checkNode, install, run, running, SIGNALS } from './setup.mjs';

const CHECKS = [
  ['type check', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'],
  ['lint', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '.'],
];
const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
/** Those that start processes of their own, and servers, get the machine to themselves. */
const END_TO_END = '/test/e2e/';
const GROUPS = [
  ['tests', '--testPathIgnorePatterns', END_TO_END, '/node_modules/', '--maxWorkers=100%'],
  ['end-to-end tests', '--testPathPatterns', END_TO_END],
];
const NOTHING_RUN = { passed: 0, failed: 1 };

checkNode();
const jestArguments = process.argv.slice(2);
const isFullRun = jestArguments.length === 0;
const folder = mkdtempSync(join(tmpdir(), 'test-run-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let redis;
let chromium;

async function main() {
  await install();
  chromium = await findChromium();
  redis = await startRedis();
  await build();
  for (const [name, ...command] of isFullRun ? CHECKS : []) {
    heading(name);
    if ((await run(process.execPath, command)) !== 0) throw new Error(`The ${name} failed.`);
  }
  if (!isFullRun) return await runJest(jestArguments);
  const totals = { passed: 0, failed: 0 };
  for (const [name, ...args] of GROUPS) {
    heading(name);
    const { passed, failed } = await runJest(args);
    totals.passed += passed;
    totals.failed += failed;
  }
  return totals;
}

async function runJest(args) {
  const report = join(folder, 'jest.json');
  const env = { ...process.env, NODE_ENV: 'test', TEST_REDIS_URL: redis.url, TEST_CHROMIUM_PATH: chromium };
  const reporting = isFullRun ? ['--json', `--outputFile=${report}`] : [];
  const code = await run(process.execPath, [...JEST, ...reporting, ...args], { env });
  if (!isFullRun) return { passed: 0, failed: code };
  const totals = totalsOf(JSON.parse(readFileSync(report, 'utf8')));
  return code === 0 ? totals : { ...totals, failed: Math.max(totals.failed, 1) };
}

/** A file that cannot be run counts as a failed test. */
function totalsOf({ numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
  if (numPendingTests > 0) console.log(`${numPendingTests} skipped`);
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}

function heading(name) {
  console.log(`\n== ${name}`);
}

for (const signal of SIGNALS) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    void Promise.resolve(redis?.stop()).finally(() => process.exit(128 + constants.signals[signal]));
  });
}

const totals = await main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  return NOTHING_RUN;
});
await redis?.stop();
process.exitCode = totals.failed > 0 ? 1 : 0;
if (isFullRun) console.log(`${totals.passed} passed, ${totals.failed} failed`);
