// npm run bench: this service beside the floor of the machine and its rivals, in one run; writes docs/performance.md.
// npm run bench -- --quick: the same in short, printed only.
// npm run bench -- growth: what becomes of the cost as the work grows.
// npm run bench -- page: docs/performance.md and its pictures again, from the last results.
// npm run bench -- first-code: from a clone to the first verified code.
import { constants } from 'node:os';
import { join } from 'node:path';
import { measureFirstCode } from './bench/first-code.mjs';
import { endRunning, prepare, root, run, SIGNALS } from './setup.mjs';

const wanted = process.argv.slice(2);
if (wanted[0] === 'first-code') {
  await measureFirstCode();
} else {
  await prepare('bench');
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      void endRunning(signal).finally(() => process.exit(128 + constants.signals[signal]));
    });
  }
  process.exitCode = await run(process.execPath, [join(root, 'bench/main.mjs'), ...wanted]);
}
