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

async function samplesOf(registry: Registry, name: string): Promise<Record<string, number>> {
  const { samples } = parseMetrics(await registry.metrics()).get(name)!;
  return Object.fromEntries(samples.map(({ series, value }) => [series, value]));
}

async function collectionsIn(registry: Registry): Promise<number> {
  const samples = Object.entries(await samplesOf(registry, 'nodejs_gc_duration_seconds'));
  return samples.reduce((sum, [series, value]) => sum + (series.includes('_count{') ? value : 0), 0);
}

/** In seconds, since it was last asked for. */
async function longestDelay(registry: Registry): Promise<number> {
  const name = 'nodejs_eventloop_lag_max_seconds';
  return (await samplesOf(registry, name))[name];
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
    const before = await collectionsIn(stopped.registry);
    await Promise.all([stopped, running].map(({ registry }) => longestDelay(registry)));

    let [counted, delay] = [0, 0];
    for (let turn = 0; turn < MANY_TURNS && (counted === 0 || delay === 0); turn += 1) {
      collectGarbage();
      await pause(10);
      counted ||= await collectionsIn(running.registry);
      delay ||= await longestDelay(running.registry);
    }
    expect(counted).toBeGreaterThan(0);
    expect(delay).toBeGreaterThan(0);
    expect(await collectionsIn(stopped.registry)).toBe(before);
    expect(await longestDelay(stopped.registry)).toBe(0);
  });

  it('leave the modules of Node as they were', () => {
    const { PerformanceObserver, monitorEventLoopDelay } = perfHooks;
    collecting();
    expect(perfHooks.PerformanceObserver).toBe(PerformanceObserver);
    expect(perfHooks.monitorEventLoopDelay).toBe(monitorEventLoopDelay);
  });
});
