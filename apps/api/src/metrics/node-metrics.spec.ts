import perfHooks from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { parseMetrics } from '../../../../test/support/prometheus.js';
import { collectNodeMetrics } from './node-metrics.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MANY_TURNS = 200;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function collecting(): { registry: Registry; stop: () => void } {
  const registry = new Registry();
  const stop = collectNodeMetrics(registry);
  stops.push(stop);
  return { registry, stop };
}

/** Garbage collections so far, and the longest delay of the event loop in seconds since the reading before. */
async function read(registry: Registry): Promise<{ collections: number; longestDelay: number }> {
  const metrics = parseMetrics(await registry.metrics());
  const counts = metrics
    .get('nodejs_gc_duration_seconds')!
    .samples.filter(({ name }) => name.endsWith('_count'));
  return {
    collections: counts.reduce((sum, { value }) => sum + value, 0),
    longestDelay: metrics.get('nodejs_eventloop_lag_max_seconds')!.samples[0].value,
  };
}

describe("Node's own metrics", () => {
  it('are those of the process, its event loop and its garbage collector', async () => {
    const names = [...parseMetrics(await collecting().registry.metrics()).keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'nodejs_eventloop_lag_p99_seconds',
        'nodejs_gc_duration_seconds',
      ]),
    );
    for (const name of names) expect(name).toMatch(/^(process|nodejs)_/);
  });

  it('are not collected any more once they are stopped', async () => {
    const stopped = collecting();
    const running = collecting();
    stopped.stop();
    const before = await read(stopped.registry);
    await read(running.registry);

    let [collections, longestDelay] = [0, 0];
    for (let turn = 0; turn < MANY_TURNS && (collections === 0 || longestDelay === 0); turn += 1) {
      collectGarbage();
      await pause(10);
      const reading = await read(running.registry);
      collections ||= reading.collections;
      longestDelay ||= reading.longestDelay;
    }
    expect(collections).toBeGreaterThan(0);
    expect(longestDelay).toBeGreaterThan(0);
    expect(await read(stopped.registry)).toEqual({ collections: before.collections, longestDelay: 0 });
  });

  it('leave the modules of Node as they were', () => {
    const { PerformanceObserver, monitorEventLoopDelay } = perfHooks;
    collecting();
    expect(perfHooks.PerformanceObserver).toBe(PerformanceObserver);
    expect(perfHooks.monitorEventLoopDelay).toBe(monitorEventLoopDelay);
  });
});
