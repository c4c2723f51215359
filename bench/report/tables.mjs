// The tables of the report, as rows of text.
import { ratio, summary } from '../harness/statistics.mjs';
import { bestRival, figure, startsOf } from './figures.mjs';
import { count, megabytes, number, withRange } from './numbers.mjs';

export function targetTable(targets) {
  return [
    ['figure', 'measured', 'wanted', ''],
    ...targets.map(({ what, value, bound, sense, met }) => [
      what,
      withRange(value),
      `${sense} ${number(bound)}`,
      met ? 'met' : '**not met**',
    ]),
  ];
}

/** @param operation `send` or `check` */
export function operationTable(contestants, operation) {
  const { floor } = contestants;
  const cpu = `${operation}.cpuMicroseconds`;
  const of = (contestant, name) => withRange(figure(contestant, `${operation}.${name}`));
  return [
    ['', `CPU us per ${operation}`, 'by the floor', `${operation}s/s`, 'p50 ms', 'p99 ms', 'Redis CPU us'],
    ...Object.entries(contestants).map(([name, contestant]) => [
      name,
      of(contestant, 'cpuMicroseconds'),
      floor ? number(figure(contestant, cpu).median / figure(floor, cpu).median) : '-',
      of(contestant, 'perSecond'),
      of(contestant, 'p50Ms'),
      of(contestant, 'p99Ms'),
      contestant.redis ? of(contestant, 'redisCpuMicroseconds') : '-',
    ]),
  ];
}

export function processTable(contestants) {
  return [
    ['', 'start-up ms', 'memory after the load, MiB', 'bytes of Redis per phone with one send'],
    ...Object.entries(contestants).map(([name, contestant]) => {
      const { median, least, most } = figure(contestant, 'residentBytes');
      const memory = { median: median / 1_048_576, least: least / 1_048_576, most: most / 1_048_576 };
      const inRedis = contestant.redis ? withRange(figure(contestant, 'send.redisBytes')) : '-';
      return [name, withRange(startsOf(contestant)), withRange(memory), inRedis];
    }),
  ];
}

export function redisTable(contestants) {
  const commands = ({ commands, inScripts }) => {
    const inner = listed(inScripts);
    return listed(commands) + (inner && ` [${inner}]`);
  };
  return [
    [
      '',
      'send: flushes before Twilio, after',
      'commands [in scripts]',
      'check: flushes',
      'commands [in scripts]',
    ],
    ...Object.entries(contestants)
      .filter(([, { redis }]) => redis)
      .map(
        ([
          name,
          {
            redis: { send, check },
          },
        ]) => [
          name,
          `${send.flushesBeforeTwilio}, ${send.flushesAfterTwilio}`,
          commands(send),
          String(check.flushes),
          commands(check),
        ],
      ),
  ];
}

export function roomTable({ kinds }) {
  return [
    ['records of this form', 'per phone', 'bytes each', 'bytes per phone'],
    ...kinds.map(({ form, keysPerPhone, bytesPerKey, bytesPerPhone }) => [
      `\`${form}\``,
      number(keysPerPhone),
      number(bytesPerKey),
      number(bytesPerPhone),
    ]),
  ];
}

export function slowTable(contestants) {
  return [
    ['', 'sends/s', 'p50 ms', 'p99 ms', 'at 80 % of that: p50 ms', 'p99 ms'],
    ...Object.entries(contestants)
      .filter(([, { slowTwilio }]) => slowTwilio)
      .map(
        ([
          name,
          {
            slowTwilio: { full, part },
          },
        ]) => [
          name,
          number(full.perSecond),
          number(full.p50Ms),
          number(full.p99Ms),
          part ? number(part.p50Ms) : '-',
          part ? number(part.p99Ms) : '-',
        ],
      ),
  ];
}

export function embeddedTable({ perSecond, lmdbPerSecond, oneAtATimePerSecond }) {
  const row = (what, values) => [
    what,
    withRange(summary(values)),
    withRange(ratio(values, oneAtATimePerSecond)),
  ];
  return [
    ['', 'reservations/s', 'times one at a time'],
    row('the embedded store, 200 in flight', perSecond),
    // Results that were kept before it was measured do not have it.
    ...(lmdbPerSecond ? [row('LMDB alone with the same records, 200 in flight', lmdbPerSecond)] : []),
    row('LMDB alone, one at a time', oneAtATimePerSecond),
  ];
}

export function ratioTable(contestants) {
  const ours = contestants['ours-redis'];
  const rows = ['send', 'check'].map((operation) => {
    const cpu = bestRival(contestants, `${operation}.cpuMicroseconds`, 'least');
    const inRedis = bestRival(contestants, `${operation}.redisCpuMicroseconds`, 'least');
    const by = (rival, path) =>
      `${number(figure(ours, path).median / figure(rival.contestant, path).median)} (${rival.name})`;
    return [
      operation,
      by(cpu, `${operation}.cpuMicroseconds`),
      by(bestRival(contestants, `${operation}.perSecond`, 'most'), `${operation}.perSecond`),
      by(bestRival(contestants, `${operation}.p50Ms`, 'least'), `${operation}.p50Ms`),
      by(inRedis, `${operation}.redisCpuMicroseconds`),
    ];
  });
  return [['ours-redis by the best rival', 'CPU', 'operations/s', 'p50', 'CPU of Redis'], ...rows];
}

export function phonesTable(phones) {
  return [
    [
      'active phones',
      'CPU us per send',
      'per check',
      'Redis CPU us per send',
      'per check',
      'process MiB',
      'Redis MiB',
    ],
    ...phones.map((result) => [
      count(result.phones),
      ...[
        'send.cpuMicroseconds',
        'check.cpuMicroseconds',
        'send.redisCpuMicroseconds',
        'check.redisCpuMicroseconds',
      ].map((path) => withRange(figure(result, path))),
      megabytes(figure(result, 'residentBytes').median),
      megabytes(figure(result, 'redisBytes').median),
    ]),
  ];
}

export function inFlightTable(inFlight) {
  return [
    ['Twilio ms', 'in flight', 'sends/s', 'p50 ms', 'p99 ms', 'refused (503)'],
    ...inFlight.map((one) => [
      String(one.latencyMs),
      count(one.inFlight),
      number(one.perSecond),
      number(one.p50Ms),
      number(one.p99Ms),
      count(one.refused),
    ]),
  ];
}

export function processesTable(processes) {
  return [
    ['processes', 'sends/s', 'CPU us per send', 'checks/s', 'CPU us per check'],
    ...processes.map((one) => [
      String(one.processes),
      number(one.send.perSecond),
      number(one.send.cpuMicroseconds),
      number(one.check.perSecond),
      number(one.check.cpuMicroseconds),
    ]),
  ];
}

/** For a terminal: columns of equal width. */
export function asText(rows) {
  const plain = rows.map((row) => row.map((cell) => cell.replaceAll(/\*\*|`/g, '')));
  const widths = plain[0].map((_, column) => Math.max(...plain.map((row) => row[column].length)));
  return plain.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ')).join('\n');
}

export function asMarkdown([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows].map(line).join('\n');
}

function listed(counts) {
  return Object.entries(counts)
    .map(([name, times]) => (times === 1 ? name : `${times} ${name}`))
    .join(', ');
}
