// docs/performance.md, from the results alone.
import { pinning } from '../harness/cores.mjs';
import { CONTESTANTS } from '../harness/contestants.mjs';
import { count, number } from './numbers.mjs';
import { targetsOf } from './targets.mjs';
import * as tables from './tables.mjs';

/** @param results `{ comparison, growth }`, of which one may be missing */
export function renderPage(results) {
  const { comparison, growth } = results;
  const table = tables.asMarkdown;
  const parts = [
    `# Performance

\`npm run bench\` wrote this page from what it measured; \`npm run bench -- growth\` measured the second half. Nothing in it
is written by hand. Numbers of another machine differ; the ratios of one run are what to compare.`,
    `## What was wanted, and what came out\n\n${table(tables.targetTable(targetsOf(results)))}`,
    comparison && renderComparison(comparison, table),
    growth && renderGrowth(growth, table),
    renderMethod(results),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** For a terminal. */
export function renderText({ comparison, growth }) {
  const text = tables.asText;
  const ofComparison = (one) => {
    const isComplete = CONTESTANTS.every(({ name }) => name in one.contestants);
    return [
      text(tables.operationTable(one.contestants, 'send')),
      text(tables.operationTable(one.contestants, 'check')),
      text(tables.processTable(one.contestants)),
      text(tables.redisTable(one.contestants)),
      `One phone in Redis: ${number(one.bytesPerPhone.oneSend)} bytes with one send, ${number(one.bytesPerPhone.tenSends)} with ten, ${number(one.bytesPerPhone.spreadTenSends)} with nine of them 90 minutes old\n` +
        text(tables.roomTable(one.bytesPerPhone)),
      `Twilio at 200 ms, 200 in flight\n${text(tables.slowTable(one.contestants))}`,
      ...(isComplete ? [text(tables.ratioTable(one.contestants))] : []),
    ];
  };
  return [
    ...(comparison ? ofComparison(comparison) : []),
    ...(growth
      ? [
          text(tables.phonesTable(growth.phones)),
          text(tables.inFlightTable(growth.inFlight)),
          text(tables.processesTable(growth.processes)),
        ]
      : []),
    text(tables.targetTable(targetsOf({ comparison, growth }))),
    `${pinning()}.`,
  ].join('\n\n');
}

function renderComparison({ contestants, bytesPerPhone, embeddedStore, plan, about }, table) {
  const what = Object.entries(contestants).map(([name, one]) => `- **${name}**: ${one.what}`);
  return `## Side by side

${what.join('\n')}

Measured on ${about.date}. Each number is the median of ${plan.rounds} rounds, in brackets the smallest and the largest.

![CPU time per send and per check of each contestant](images/performance-cpu.svg)

### Sends

${table(tables.operationTable(contestants, 'send'))}

### Checks

${table(tables.operationTable(contestants, 'check'))}

### Ours by the best rival

${table(tables.ratioTable(contestants))}

The rivals do less. Two of them do not count guesses, all of them keep codes readable, and none signs a proof.

### Processes

${table(tables.processTable(contestants))}

### What they ask of Redis

A flush is one write to the connection, however many commands are in it: what has to be waited for.

${table(tables.redisTable(contestants))}

A phone of ours takes ${number(bytesPerPhone.oneSend)} bytes of Redis with one send, and ${number(bytesPerPhone.spreadTenSends)} with ten sends, nine
of them 90 minutes old, and one live code. Without a cooldown ten sends can follow each other at once; with the codes of all
ten still known it takes ${number(bytesPerPhone.tenSends)} (${count(bytesPerPhone.phones)} phones). \`MEMORY USAGE\` of the records with nine sends 90 minutes
old, which leaves out the table of their expiry times, and with \`*\` for what is random in a name:

${table(tables.roomTable(bytesPerPhone))}

### With Twilio at 200 ms and 200 sends in flight

The SDK's own HTTP client opens ${20} connections, so what it serves stops at 20 by the latency. At 80 % of what it can do, a
service is called as often as that, whether it has answered or not.

${table(tables.slowTable(contestants))}

### The embedded store

${table(tables.embeddedTable(embeddedStore))}

All are on disk when they answer. One transaction at a time waits for the disk, and so the quicker the disk is, the less is
gained by many in flight: LMDB alone, without our keyed hashes, checksums and rules, can do no more than the disk lets it.`;
}

function renderGrowth({ phones, inFlight, processes, measuredCores, plan, about }, table) {
  return `## As the work grows

Measured on ${about.date}, ours with Redis.

### More phones

The phones are in Redis before the process starts: one is sent a code, and its records are written again under other names.
Those that are measured come on top of them. ${plan.rounds === 1 ? 'Measured once' : `Medians of ${plan.rounds} rounds`}.

![CPU time per operation by the number of active phones](images/performance-phones.svg)

${table(tables.phonesTable(phones))}

### A slower Twilio, and more sends in flight

\`twilio.sms.max_concurrency\` was ${count(Math.max(...plan.inFlight))} here.

![Sends per second by the number of sends in flight](images/performance-in-flight.svg)

![99th percentile of the answer by the number of sends in flight](images/performance-answers.svg)

${table(tables.inFlightTable(inFlight))}

### More processes on one Redis

Each process has 50 callers. They had ${measuredCores === 1 ? 'one core for all of them, so that what is seen is whether they get into the way of each other, not what more cores would give' : `${measuredCores} cores`}.

![Operations per second by the number of processes](images/performance-processes.svg)

${table(tables.processesTable(processes))}`;
}

function renderMethod({ comparison, growth }) {
  const { about, plan } = comparison ?? growth;
  const versions = Object.entries(about.versions).map(([name, version]) => `${name} ${version}`);
  return `## How it is measured

- Machine: ${about.machine}. Node ${about.node}, Redis ${(comparison ?? growth).redisVersion}. ${capital(about.pinning)}.
- CPU time per operation is the time on a core of all threads of the process, so the compiler and the garbage collector are in
  it. It hardly depends on what else the machine does; operations/s and p99 do.
- Every contestant gets a fresh process on an empty store in every round, and the rounds are interleaved. ${count(plan.warmUp)} sends and
  as many checks come first: before that, the compiler is what would be measured, which flatters the slow ones.
  Then ${count(plan.operations)} sends and as many checks, 50 under way at any time, each number used once. An answer that is no success ends
  the run.
- Redis keeps nothing on disk here. Twilio is a minimal server inside the process of the load, which so learns the codes; it
  answers at once unless it says otherwise. It is not the bundled simulator, whose inbox would be measured too.
- Ours runs as it does in production (\`npm run start:prod\`, with Node's option \`--max-semi-space-size=32\`), with its metrics
  and its log at \`info\`, which is written to \`/dev/null\`. Only the limits by address are raised, since all calls come from
  one. All other limits are in force.
- Start-up is from the start of the process to \`/readyz\`, and to the first answer for those that have no such thing.
- Commands were seen with MONITOR, one operation at a time, and flushes are the reads that Redis counted meanwhile.
- The SDK of the rivals talks plain HTTP here. Its agent for HTTPS was repeated for HTTP, option by option.
- Not measured: TLS, a real network, a Redis that writes to disk.
- Versions: ${versions.join(', ')}.`;
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
