// npm run bench -- NAME: measures, and prints what it measured.
import { measureFirstCode } from './bench/first-code.mjs';

const BENCHMARKS = {
  'first-code': measureFirstCode,
};

const [name] = process.argv.slice(2);
const measure = BENCHMARKS[name];
if (!measure) {
  process.stderr.write(
    `npm run bench -- NAME, where NAME is one of: ${Object.keys(BENCHMARKS).join(', ')}\n`,
  );
  process.exit(1);
}
await measure();
