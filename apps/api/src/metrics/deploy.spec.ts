import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { parse as parseYaml } from 'yaml';
import { STORE_FAULTS } from '@app/sms';
import { parseMetrics } from '../../../../test/support/prometheus.js';
import { ERROR_STATUS } from '../errors/error-status.js';
import { LABEL_VALUES } from './metrics.labels.js';
import { Metrics } from './metrics.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const rules = parseYaml(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Alert[] }[] };
const alerts = rules.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/phone-verification.json')) as {
  panels: Panel[];
  templating: { list: { name: string }[] };
};
const runbook = read('docs/runbook.md');
const sections = runbook
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.slice(0, text.indexOf('\n')), text }));

/** Prometheus gives them to every series. */
const TARGET_LABELS = ['job', 'instance'];
/** Prometheus makes it by itself: whether a target answered. */
const UP = 'up';
const strictParser = parser.configure({ strict: true });

/** What Grafana puts in. */
const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*');

/** @throws SyntaxError if Prometheus could not read it */
function selectorsOf(expr: string): { selectors: Selector[]; grouping: string[] } {
  const selectors: { metric: string; matchers: Matcher[] }[] = [];
  const grouping: string[] = [];
  let isGrouping = false;
  const matcher = { label: '', operator: '' };
  strictParser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      const text = expr.slice(from, to);
      if (name === 'VectorSelector') selectors.push({ metric: '', matchers: [] });
      if (name === 'Identifier') selectors.at(-1)!.metric = text;
      if (name === 'GroupingLabels') isGrouping = true;
      if (name === 'LabelName' && isGrouping) grouping.push(text);
      if (name === 'LabelName' && !isGrouping) matcher.label = text;
      if (/^(Eql|Neq)(Single|Regex)?$/.test(name)) matcher.operator = text;
      if (name === 'StringLiteral') selectors.at(-1)!.matchers.push({ ...matcher, value: text.slice(1, -1) });
    },
    leave: ({ name }) => {
      if (name === 'GroupingLabels') isGrouping = false;
    },
  });
  return { selectors, grouping };
}

/** The labels of each series, by its name in a query, of an app that has counted one of each. */
async function knownSeries(): Promise<Map<string, string[]>> {
  const metrics = new Metrics();
  metrics.refusal({ code: 'PHONE_FORMAT_ERROR', limit: 'none' });
  metrics.send({ outcome: 'accepted', country: 'US', segments: 1 });
  metrics.approval('US');
  metrics.storeOperation({ store: 'redis', durationMs: 1, fault: 'timeout' });
  metrics.httpAnswer({ method: 'GET', route: 'none', status: 404, durationMs: 1 });
  const known = new Map([[UP, [] as string[]]]);
  for (const { name, type, samples } of parseMetrics(await metrics.text()).values()) {
    for (const sample of samples) known.set(sample.name, Object.keys(sample.labels));
    // Node's has none before the first garbage collection.
    if (type === 'histogram' && samples.length === 0) known.set(`${name}_sum`, ['kind']);
  }
  metrics.onApplicationShutdown();
  return known;
}

const LABELS: Record<string, readonly string[]> = { ...LABEL_VALUES, code: Object.keys(ERROR_STATUS) };

/** A value that no series ever has would never match, or always. */
function assertPossible({ label, operator, value }: Matcher): void {
  const values = LABELS[label];
  if (!values) return;
  const alternatives = operator.includes('~') ? value.split('|') : [value];
  for (const alternative of alternatives) expect(values).toContain(alternative);
}

let known: Map<string, string[]>;
beforeAll(async () => {
  known = await knownSeries();
});

function assertKnown(expr: string): void {
  const { selectors, grouping } = selectorsOf(filledIn(expr));
  expect(selectors).not.toEqual([]);
  const labelsOf = ({ metric }: Selector): string[] => [...(known.get(metric) ?? []), ...TARGET_LABELS];
  for (const selector of selectors) {
    expect([...known.keys()]).toContain(selector.metric);
    for (const matcher of selector.matchers) {
      expect(labelsOf(selector)).toContain(matcher.label);
      assertPossible(matcher);
    }
  }
  for (const label of grouping) expect(selectors.flatMap(labelsOf)).toContain(label);
}

describe('deploy/prometheus/alerts.yml', () => {
  it.each(alerts.map(({ alert, expr }) => [alert, expr]))(
    '%s asks for metrics and labels that exist',
    (_, expr) => assertKnown(expr),
  );

  it.each(alerts.map((alert) => [alert.alert, alert] as const))(
    '%s says how bad it is, what happens, and where to read on',
    (name, { labels, annotations }) => {
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(annotations).toEqual({
        summary: expect.stringMatching(/\.$/),
        description: expect.stringMatching(/\.$/),
        runbook_url: `docs/runbook.md#${name.toLowerCase()}`,
      });
    },
  );

  it('has each alert once', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('docs/runbook.md', () => {
  it('has a section for each alert, and for nothing else', () => {
    expect(sections.map(({ title }) => title)).toEqual(alerts.map(({ alert }) => alert));
  });

  it.each(sections.map(({ title, text }) => [title, text]))(
    '%s: it says what it means, where to look first and how to mend it, with queries that work',
    (_, text) => {
      expect(text.match(/^\*\*.+?\*\*/gm)).toEqual(['**Meaning.**', '**First look.**', '**Fix.**']);
      const quoted = [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
      const queries = quoted.filter((code) => /^(sum|topk|rate)\b/.test(code) || known.has(code));
      for (const query of queries) assertKnown(query);
    },
  );

  it('has an answer to every fault of the store', () => {
    const { text = '' } = sections.find(({ title }) => title === 'StoreErrors') ?? {};
    expect(STORE_FAULTS.filter((fault) => !text.includes(`\`${fault}\``))).toEqual([]);
  });
});

describe('deploy/grafana/phone-verification.json', () => {
  const charts = dashboard.panels.filter(({ type }) => type !== 'row');

  it.each(charts.map((panel) => [panel.title, panel] as const))(
    '%s asks for metrics and labels that exist',
    (_, { targets = [], description }) => {
      expect(description).toBeTruthy();
      expect(targets).not.toEqual([]);
      for (const { expr } of targets) assertKnown(expr);
    },
  );

  it('works with whichever data source is chosen', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'instance']);
    const uids = [...JSON.stringify(dashboard).matchAll(/"type":"prometheus","uid":"([^"]+)"/g)];
    expect(new Set(uids.map(([, uid]) => uid))).toEqual(new Set(['${datasource}']));
  });

  it('has panels that do not lie on each other', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it('shows every metric of ours', () => {
    const shown = charts.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => selectorsOf(filledIn(expr)).selectors.map(({ metric }) => metric)),
    );
    const own = [...known.keys()].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    const missing = own.filter(
      (name) => !/^(process_|nodejs_|up$)/.test(name) && !shown.some((metric) => metric.startsWith(name)),
    );
    expect(missing).toEqual([]);
  });
});

describe('What reads the queries', () => {
  it.each([
    'sum(rate(nonsense_total[5m]))',
    'sms_sends_total{colour="red"}',
    'sms_sends_total{outcome="gone"}',
  ])('notices what does not exist: %s', (expr) => expect(() => assertKnown(expr)).toThrow());

  it('notices what is no query', () => {
    expect(() => assertKnown('sum(rate(sms_sends_total[5m])')).toThrow(SyntaxError);
  });
});
