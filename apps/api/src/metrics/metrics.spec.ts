import { afterEach, describe, expect, it } from '@jest/globals';
import { register as globalRegistry } from 'prom-client';
import { parseMetrics } from '../../../../test/support/prometheus.js';
import { Metrics } from './metrics.js';

const made: Metrics[] = [];
afterEach(() => {
  for (const metrics of made.splice(0)) metrics.onApplicationShutdown();
});

function newMetrics(): Metrics {
  const metrics = new Metrics();
  made.push(metrics);
  return metrics;
}

/** The series that have a value other than 0. */
async function counted(metrics: Metrics, name: string): Promise<Record<string, number>> {
  const { samples } = parseMetrics(await metrics.text()).get(name)!;
  return Object.fromEntries(
    samples.filter(({ value }) => value !== 0).map(({ series, value }) => [series, value]),
  );
}

describe('Metrics', () => {
  it('are those of one app, though several run in one process', async () => {
    const [one, other] = [newMetrics(), newMetrics()];
    one.call('sent');
    expect(await counted(one, 'sms_sends_total')).toEqual({ 'sms_sends_total{outcome="sent"}': 1 });
    expect(await counted(other, 'sms_sends_total')).toEqual({});
    expect(globalRegistry.getMetricsAsArray()).toEqual([]);
  });

  it('count a refusal by its code and by whose limit it was', async () => {
    const metrics = newMetrics();
    metrics.refusal({ code: 'SMS_SEND_TOO_FREQUENTLY', limit: 'source' });
    expect(await counted(metrics, 'sms_refusals_total')).toEqual({
      'sms_refusals_total{code="SMS_SEND_TOO_FREQUENTLY",limit="source"}': 1,
    });
  });

  it('are in seconds', async () => {
    const metrics = newMetrics();
    metrics.twilioRequest({ attempt: 1, durationMs: 1_500, answer: '2xx' });
    metrics.storeOperation({ store: 'redis', durationMs: 250 });
    metrics.httpAnswer({ method: 'GET', route: '/livez', status: 200, durationMs: 4 });
    const text = await metrics.text();
    expect(text).toContain('\ntwilio_request_duration_seconds_sum{answer="2xx"} 1.5\n');
    expect(text).toContain('\nstore_operation_duration_seconds_sum{store="redis"} 0.25\n');
    expect(text).toContain(
      '\nhttp_request_duration_seconds_sum{method="GET",route="/livez",status="200"} 0.004\n',
    );
  });

  it('count what is tried again, why Twilio said no, and what is wrong with the store', async () => {
    const metrics = newMetrics();
    metrics.twilioRequest({ attempt: 1, durationMs: 1, answer: '5xx', reason: 'provider_error' });
    metrics.twilioRequest({ attempt: 2, durationMs: 1, answer: 'no_answer' });
    metrics.storeOperation({ store: 'redis', durationMs: 1, fault: 'READONLY' });
    expect(await counted(metrics, 'twilio_retries_total')).toEqual({ twilio_retries_total: 1 });
    expect(await counted(metrics, 'twilio_failures_total')).toEqual({
      'twilio_failures_total{reason="provider_error"}': 1,
    });
    expect(await counted(metrics, 'store_errors_total')).toEqual({
      'store_errors_total{store="redis",fault="READONLY"}': 1,
    });
  });

  it.each([
    ['POST', 'POST'],
    ['PROPFIND', 'other'],
    ['canary', 'other'],
    ['post', 'other'],
  ])('take the method %s for %s', async (method, label) => {
    const metrics = newMetrics();
    metrics.httpAnswer({ method, route: 'none', status: 404, durationMs: 0 });
    const [{ labels }] = parseMetrics(await metrics.text()).get('http_request_duration_seconds')!.samples;
    expect(labels.method).toBe(label);
  });
});
