import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PhoneNumber, SmsSendTooFrequentlyError } from '@app/sms';
import { getCountries, getExampleNumber, type Examples } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import parseIndependently from 'parse-prometheus-text-format';
import { parseMetrics, type Metric } from '../../../../test/support/prometheus.js';
import { reportOf, isFinal } from '../verification/delivery.js';
import { countCheck, countSend } from '../verification/verification.metrics.js';
import { COUNTRIES, LABEL_VALUES } from './metrics.labels.js';
import { Metrics } from './metrics.js';

const PHONES = 100_000;

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics();
});
afterEach(() => metrics.onApplicationShutdown());

/** A number of each country, and some that no numbering plan knows. */
const NUMBERS = [
  ...getCountries().flatMap((country) => getExampleNumber(country, examples as Examples)?.number ?? []),
  '+15005550006',
  '+1234567890',
  '+2101234567',
];

/** Another number, most of the time of the same country: its last digits differ. */
function someNumber(index: number): PhoneNumber {
  const number = NUMBERS[index % NUMBERS.length];
  return PhoneNumber.ofStored(number.slice(0, -4) + randomInt(10_000).toString().padStart(4, '0'));
}

/** All that is counted of one phone, with whatever Twilio and callers may say. */
function count(phone: PhoneNumber): void {
  metrics.send({ outcome: 'accepted', country: phone.country, segments: 1 });
  countSend(metrics);
  countSend(metrics, new SmsSendTooFrequentlyError(1));
  countCheck(metrics, undefined, { phone });
  const report = reportOf('undelivered', randomInt(1, 100_000))!;
  if (isFinal(report)) metrics.delivery(report);
  metrics.twilioRequest({ attempt: 1, durationMs: randomInt(1_000), answer: '2xx' });
  metrics.httpAnswer({ method: `M${randomInt(10)}`, route: '/v1/verifications', status: 201, durationMs: 5 });
}

/** Every one that there can be, once. */
function countAll(): void {
  for (const country of COUNTRIES) {
    metrics.send({ outcome: 'accepted', country, segments: 1 });
    metrics.approval(country);
  }
  for (const code of [...LABEL_VALUES.twilio_code.map(Number), 99_999]) {
    metrics.delivery({ delivery: 'undelivered', ...(code > 0 && { twilioCode: code }) });
  }
  count(someNumber(0));
}

const seriesOf = (text: string): string[] =>
  [...parseMetrics(text).values()]
    .filter(({ name }) => !/^(process|nodejs)_/.test(name)) // Node names what it happens to have open
    .flatMap(({ samples }) => samples.map(({ series }) => series));

describe(`The metrics of ${PHONES} phones`, () => {
  it('have as many series as those of one phone of each country', async () => {
    countAll();
    const before = seriesOf(await metrics.text());
    for (let index = 0; index < PHONES; index += 1) count(someNumber(index));
    expect(seriesOf(await metrics.text())).toEqual(before);
    expect(before.length).toBeLessThan(2 * COUNTRIES.length + 200);
  });

  it('count every one of them', async () => {
    for (let index = 0; index < 1_000; index += 1) count(someNumber(index));
    const { samples } = parseMetrics(await metrics.text()).get('sms_sends_by_country_total')!;
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(1_000);
    expect(samples.length).toBeGreaterThan(200);
  });
});

/** As the other parser gives them. Of a histogram it keeps one series only, so its buckets are for ours to check. */
function asFamily({ name, help, type, samples }: Metric): object {
  const values = samples.map(({ labels, value }) => ({ labels, value }));
  const bounds = new Set(samples.flatMap(({ labels }) => labels.le ?? []));
  return { name, help, type: type.toUpperCase(), ...(type === 'histogram' ? { bounds } : { values }) };
}

describe('The text of the metrics', () => {
  it('reads the same to a parser that is not ours', async () => {
    countAll();
    for (let index = 0; index < 1_000; index += 1) count(someNumber(index));
    metrics.storeOperation({ store: 'redis', durationMs: 1, fault: 'write failed' });
    const text = await metrics.text();
    const independent = parseIndependently(text).map(({ name, help, type, metrics: samples }) => {
      const values = samples.map(({ labels = {}, value }) => ({ labels, value: Number(value) }));
      const bounds = new Set(samples.flatMap(({ buckets = {} }) => Object.keys(buckets)));
      return { name, help, type, ...(type === 'HISTOGRAM' ? { bounds } : { values }) };
    });
    expect(independent).toEqual([...parseMetrics(text).values()].map(asFamily));
  });

  it('names everything as Prometheus asks for', async () => {
    for (const { name, type, samples } of parseMetrics(await metrics.text()).values()) {
      if (/^(process|nodejs)_/.test(name)) continue;
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      for (const label of samples.flatMap((sample) => Object.keys(sample.labels))) {
        expect(label).toMatch(/^[a-z][a-z_]*$/);
      }
    }
  });
});
