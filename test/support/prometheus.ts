/** One line with a value. */
export interface Sample {
  /** Name and labels, as they are written: `name{label="value"}`. */
  readonly series: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: Sample[];
}

const HELP = /^# HELP ([a-z_0-9]+) (\S.*)$/;
const TYPE = /^# TYPE ([a-z_0-9]+) (counter|gauge|histogram)$/;
const SAMPLE = /^([a-z_0-9]+)(?:\{(.*)\})? (-?\d\S*|nan|[+-]Inf)$/i; // in any case, as Prometheus reads them
const LABEL = /([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/**
 * Reads the text format of Prometheus, version 0.0.4, more strictly than Prometheus does.
 * @throws Error for a line that is not understood, a metric without HELP and TYPE, a series that is there twice, or a
 * histogram whose buckets do not add up
 */
export function parseMetrics(text: string): Map<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const metrics = new Map<string, Metric>();
  const seen = new Set<string>();
  let help: RegExpExecArray | null = null;
  let current: Metric | undefined;
  for (const line of text.split('\n').filter(Boolean)) {
    const type = TYPE.exec(line);
    if (type) {
      if (help?.[1] !== type[1] || metrics.has(type[1])) throw new Error(`without HELP, or twice: ${line}`);
      current = { name: type[1], help: help[2], type: type[2] as Metric['type'], samples: [] };
      metrics.set(current.name, current);
    } else if (line.startsWith('#')) {
      help = HELP.exec(line);
      if (!help) throw new Error(`not understood: ${line}`);
      current = undefined;
    } else {
      const sample = parseSample(line);
      if (!current || !namesOf(current).includes(sample.name)) throw new Error(`without TYPE: ${line}`);
      if (seen.has(sample.series)) throw new Error(`twice: ${line}`);
      seen.add(sample.series);
      current.samples.push(sample);
    }
  }
  for (const metric of metrics.values()) if (metric.type === 'histogram') checkBuckets(metric);
  return metrics;
}

function namesOf({ name, type }: Metric): string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

function parseSample(line: string): Sample {
  const parts = SAMPLE.exec(line);
  if (!parts) throw new Error(`not understood: ${line}`);
  const [, name, labels, number] = parts;
  const value = Number(number.replace(/inf/i, 'Infinity'));
  if (Number.isNaN(value) && !/^nan$/i.test(number)) throw new Error(`no number: ${line}`);
  return { series: line.slice(0, line.lastIndexOf(' ')), name, labels: parseLabels(labels ?? ''), value };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const label = LABEL.exec(text);
    if (!label || label[1] in labels) throw new Error(`no labels: ${text}`);
    labels[label[1]] = label[2];
  }
  return labels;
}

/** Each bucket holds those below it too, and the last one holds all. */
function checkBuckets({ name, samples }: Metric): void {
  const byLabels = new Map<string, number[]>();
  for (const { name: sample, labels, value } of samples) {
    const { le: _, ...own } = labels;
    const key = JSON.stringify(own);
    if (sample.endsWith('_bucket') || sample.endsWith('_count')) {
      byLabels.set(key, [...(byLabels.get(key) ?? []), value]);
    }
  }
  for (const values of byLabels.values()) {
    const sorted = values.toSorted((one, other) => one - other);
    if (values.some((value, index) => value !== sorted[index]) || values.at(-1) !== values.at(-2)) {
      throw new Error(`the buckets of ${name} do not add up`);
    }
  }
}
