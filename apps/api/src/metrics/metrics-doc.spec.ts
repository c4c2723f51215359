import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseMetrics } from '../../../../test/support/prometheus.js';
import { LABEL_VALUES } from './metrics.labels.js';
import { Metrics } from './metrics.js';

const document = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

/** The cells of the rows of the table under a heading of this text. */
function rowsUnder(heading: string): string[][] {
  const section = document.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.match(/^\| `.+$/gm) ?? [];
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics();
});
afterEach(() => metrics.onApplicationShutdown());

/** One of each, so that each metric shows its labels. */
function countEverything(): void {
  metrics.refusal({ code: 'PHONE_FORMAT_ERROR', limit: 'none' });
  metrics.send({ outcome: 'accepted', country: 'US', segments: 1 });
  metrics.approval('US');
  metrics.storeOperation({ store: 'redis', durationMs: 1, fault: 'timeout' });
  metrics.httpAnswer({ method: 'GET', route: 'none', status: 404, durationMs: 1 });
}

describe('docs/metrics.md', () => {
  it('lists every metric with its type, labels and text, and nothing else', async () => {
    countEverything();
    const own = [...parseMetrics(await metrics.text()).values()].filter(
      ({ name }) => !/^(process|nodejs)_/.test(name),
    );
    const listed = rowsUnder('Metrics').map(([name, type, labels, help]) => [
      quoted(name),
      type,
      quoted(labels),
      help,
    ]);
    expect(listed).toEqual(
      own.map(({ name, type, help, samples }) => {
        const { le: _, ...labels } = samples[0].labels;
        return [[name], type, Object.keys(labels), help];
      }),
    );
  });

  it('lists every value of a label, and nothing else', () => {
    const listed = rowsUnder('Labels').map(([label, values]) => [
      ...quoted(label),
      quoted(values).toSorted(),
    ]);
    const expected = Object.entries(LABEL_VALUES).map(([label, values]) => [label, [...values].toSorted()]);
    expect(listed).toEqual(expected);
  });
});
