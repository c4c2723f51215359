// npm run prove: the long form of the proofs in test/proof. Writes what they did into docs/guarantees.md.
// npm run prove -- PATTERN: only those whose file matches.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareTests } from './jest.mjs';
import { renderGuarantees } from './prove/guarantees.mjs';
import { checkNode, root, run } from './setup.mjs';

const PAGE = join(root, 'docs/guarantees.md');
/** What each proof did when it ran last. */
const RECORDS = join(root, 'docs/guarantees.json');
const PROOFS = '/test/proof/.*proof-spec';

checkNode();
const [pattern] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'proofs-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const report = join(folder, 'proofs.jsonl');

const tests = await prepareTests();
const code = await tests.jest(
  ['--runInBand', '--testPathPatterns', pattern ? `/test/proof/.*(${pattern}).*proof-spec` : PROOFS],
  { PROOF: 'long', PROOF_REPORT: report },
);
await tests.stop();

const date = new Date().toISOString().slice(0, 10);
const proofs = linesOf(report).map((line) => ({ ...JSON.parse(line), date }));
for (const { test, tries, faults, result } of proofs) {
  console.log(`\n${test}\n  tried:  ${tries}\n  faults: ${faults}\n  result: ${result}`);
}
if (code === 0) {
  writeFileSync(RECORDS, JSON.stringify(pattern ? replaced(recorded(), proofs) : proofs));
  writeFileSync(PAGE, renderGuarantees(recorded()));
  await run(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', RECORDS, PAGE]);
} else {
  console.error('\nA proof failed, so docs/guarantees.md was left as it is.');
}
process.exitCode = code;

function linesOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

function recorded() {
  return existsSync(RECORDS) ? JSON.parse(readFileSync(RECORDS, 'utf8')) : [];
}

/** Those of the same files are of an earlier run. */
function replaced(earlier, now) {
  const ran = new Set(now.map(({ file }) => file));
  return [...earlier.filter(({ file }) => !ran.has(file)), ...now].sort((one, other) =>
    one.file.localeCompare(other.file),
  );
}
