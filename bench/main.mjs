// Started by scripts/bench.mjs, when all is installed and built.
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { killAll } from './harness/children.mjs';
import { pinHarness, pinning } from './harness/cores.mjs';
import { compare } from './measurements/comparison.mjs';
import { measureGrowth } from './measurements/growth.mjs';
import { about } from './report/about.mjs';
import { renderText } from './report/page.mjs';
import { keepResult, writePage } from './report/results.mjs';

const USAGE = `npm run bench [-- [growth | page | first-code] [--quick] [--only NAME,NAME]
                 [--rounds N] [--starts N] [--warm-up N] [--operations N] [--phones N] [--slow-ms N]]
With --quick, --only or a number, the results are printed and not kept.
`;
const MEASUREMENTS = { comparison: compare, growth: measureGrowth };
/** Numbers that a plan can be tried out with. */
const NUMBERS = ['rounds', 'starts', 'warm-up', 'operations', 'phones', 'slow-ms'];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    killAll();
    process.exit(128 + constants.signals[signal]);
  });
}

try {
  const { name, wanted, isKept } = readArguments();
  if (name !== 'page') await measure(name, wanted, isKept);
  if (isKept) await writePage();
  process.exit(0);
} catch (error) {
  killAll();
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

async function measure(name, wanted, isKept) {
  pinHarness();
  say(`${pinning()}.`);
  const result = { about: about(), ...(await MEASUREMENTS[name](wanted, say)) };
  process.stdout.write(`${renderText({ [name]: result })}\n`);
  if (isKept) await keepResult(name, result);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function readArguments() {
  const { values, positionals } = parsed();
  const [name = 'comparison'] = positionals;
  const isKnown = name === 'page' || Object.hasOwn(MEASUREMENTS, name);
  const numbers = NUMBERS.filter((number) => values[number] !== undefined).map((number) => [
    number.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase()),
    Number(values[number]),
  ]);
  if (!isKnown || positionals.length > 1 || numbers.some(([, value]) => !(value > 0))) endWithUsage();
  return {
    name,
    wanted: { quick: values.quick, only: values.only?.split(','), ...Object.fromEntries(numbers) },
    isKept: !values.quick && values.only === undefined && numbers.length === 0,
  };
}

function parsed() {
  const numbers = Object.fromEntries(NUMBERS.map((number) => [number, { type: 'string' }]));
  try {
    return parseArgs({
      allowPositionals: true,
      options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, ...numbers },
    });
  } catch {
    return endWithUsage();
  }
}

function endWithUsage() {
  process.stderr.write(USAGE);
  process.exit(1);
}
