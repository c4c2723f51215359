import perfHooks from 'node:perf_hooks';
import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * Adds the metrics of the process and of Node (`process_*`, `nodejs_*`).
 * @returns stops what was started for them
 */
export function collectNodeMetrics(registry: Registry): () => void {
  const { PerformanceObserver, monitorEventLoopDelay } = perfHooks;
  const stops: (() => void)[] = [];
  // prom-client never stops its observer of the garbage collector nor its timer of the event loop, and gives no handle
  // to them, so they are taken hold of as they are made.
  perfHooks.PerformanceObserver = class extends PerformanceObserver {
    constructor(callback: ConstructorParameters<typeof PerformanceObserver>[0]) {
      super(callback);
      stops.push(() => this.disconnect());
    }
  };
  perfHooks.monitorEventLoopDelay = (options) => {
    const monitor = monitorEventLoopDelay(options);
    stops.push(() => monitor.disable());
    return monitor;
  };
  try {
    collectDefaultMetrics({ register: registry });
  } finally {
    Object.assign(perfHooks, { PerformanceObserver, monitorEventLoopDelay });
  }
  return () => {
    for (const stop of stops.splice(0)) stop();
  };
}
