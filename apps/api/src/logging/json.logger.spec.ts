import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const LOGGER = `const { JsonLogger } = await import('./dist/apps/api/src/logging/json.logger.js');
const logger = new JsonLogger('info');`;

/** A process that logs. @param program of which `logger` is there already */
function run(program: string) {
  const args = ['--input-type=module', '-e', `${LOGGER}\n${program}`];
  return spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('The log', () => {
  it('has all lines of a process that exits at once, in their order, however many they are', async () => {
    const child = run(`for (let line = 0; line < 1000; line += 1) logger.log({ event: 'counted', line });
process.exit(0);`);
    const lines = (await text(child.stdout)).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).line)).toEqual(
      Array.from({ length: 1000 }, (_, line) => line),
    );
  });

  it('has the last line before an exception that nobody caught', async () => {
    const child = run(`logger.log({ event: 'last' });
throw new Error('nobody catches this');`);
    expect(JSON.parse(await text(child.stdout))).toMatchObject({ event: 'last' });
  });

  it('has its lines while the process goes on', async () => {
    const child = run(`logger.log({ event: 'now' });
setTimeout(() => {}, 60_000);`);
    const [line] = await once(child.stdout, 'data');
    expect(JSON.parse(String(line))).toMatchObject({ event: 'now' });
    child.kill();
  });

  it('does not hold the process up when its reader is slow, and loses nothing', async () => {
    const child = run(`let lines = 0;
const timer = setInterval(() => {
  for (let count = 0; count < 100; count += 1) logger.log({ event: 'counted', line: lines++, text: 'x'.repeat(1000) });
  if (lines < 2000) return;
  clearInterval(timer);
  process.stderr.write('done');
}, 1);`);
    await once(child.stderr, 'data'); // 2 MB are far more than a pipe holds, and nothing was read yet
    const lines = (await text(child.stdout)).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).line)).toEqual(
      Array.from({ length: 2000 }, (_, line) => line),
    );
  });

  it('does not end the process when nobody reads it any more', async () => {
    const child = run(`process.stderr.write('ready');
let turns = 0;
setInterval(() => {
  logger.log({ event: 'unread' });
  if ((turns += 1) === 20) process.exit(7);
}, 10);`);
    await once(child.stderr, 'data');
    child.stdout.destroy();
    expect(await once(child, 'exit')).toEqual([7, null]);
  });
});
