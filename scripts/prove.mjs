// npm run prove: the long form of the proofs in test/proof. Writes what they did into docs/guarantees.md.
// npm run prove -- PATTERN: only those whose file matches, and prints what they did.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareTests } from './jest.mjs';
import { renderGuarantees } from './prove/guarantees.mjs';
import { checkNode, root, run } from './setup.mjs';

const PAGE = join(root, 'docs/guarantees.md');
const PROOFS = '/test/proof/';

checkNode();
const [pattern] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'proofs-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const report = join(folder, 'proofs.jsonl');

const tests = await prepareTests();
const code = await tests.jest(
  ['--runInBand', '--testPathPatterns', pattern ? `${PROOFS}.*${pattern}` : PROOFS],
  { PROOF: 'long', PROOF_REPORT: report },
);
await tests.stop();

const proofs = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n').map(JSON.parse) : [];
for (const { test, tries, faults, result } of proofs) {
  console.log(`\n${test}\n  tried:  ${tries}\n  faults: ${faults}\n  result: ${result}`);
}
if (code !== 0) {
  console.error('\nA proof failed, so docs/guarantees.md was left as it is.');
} else if (!pattern) {
  writeFileSync(PAGE, renderGuarantees(proofs, new Date()));
  await run(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', PAGE]);
}
process.exitCode = code;
