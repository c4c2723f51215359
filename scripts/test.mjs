// npm test: everything that has to hold, in sequence, up to the first step that fails.
// npm test -- ARGUMENTS: builds, and runs jest alone, with these arguments.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareTests } from './jest.mjs';
import { checkNode, run } from './setup.mjs';

const CHECKS = [
  ['type check', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'],
  ['lint', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '.'],
];
/** Those with several processes under load get the machine to themselves. */
const PROOFS = 'proof-spec';
/** Tests often wait: for a process that starts, for a page, for Redis. */
const WORKERS = availableParallelism() + 1;
const GROUPS = [
  ['tests', '--testPathIgnorePatterns', PROOFS, '/node_modules/', `--maxWorkers=${WORKERS}`],
  ['proofs', '--testPathPatterns', PROOFS, '--runInBand'],
];
const NOTHING_RUN = { passed: 0, failed: 1 };

checkNode();
const jestArguments = process.argv.slice(2);
const isFullRun = jestArguments.length === 0;
const folder = mkdtempSync(join(tmpdir(), 'test-run-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let tests;

async function main() {
  tests = await prepareTests();
  if (!isFullRun) return { passed: 0, failed: await tests.jest(jestArguments) };
  for (const [name, ...command] of CHECKS) {
    heading(name);
    if ((await run(process.execPath, command)) !== 0) throw new Error(`The ${name} failed.`);
  }
  const totals = { passed: 0, failed: 0 };
  for (const [name, ...args] of GROUPS) {
    heading(name);
    const { passed, failed } = await runGroup(args);
    totals.passed += passed;
    totals.failed += failed;
  }
  return totals;
}

async function runGroup(args) {
  const report = join(folder, 'jest.json');
  const code = await tests.jest(['--json', `--outputFile=${report}`, ...args]);
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

const totals = await main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  return NOTHING_RUN;
});
await tests?.stop();
process.exitCode = totals.failed > 0 ? 1 : 0;
if (isFullRun) console.log(`${totals.passed} passed, ${totals.failed} failed`);
