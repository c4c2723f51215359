import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

/** The SDK of OpenTelemetry, as a host app registers it, with the spans that have ended. */
export class RecordedSpans {
  private readonly exporter = new InMemorySpanExporter();

  register(): void {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.exporter)] }),
    );
  }

  unregister(): void {
    trace.disable();
    context.disable();
  }

  clear(): void {
    this.exporter.reset();
  }

  get all(): ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  named(name: string): ReadableSpan[] {
    return this.all.filter((span) => span.name === name);
  }

  /** Those directly below a span, in the order in which they began. */
  below(parent: ReadableSpan): ReadableSpan[] {
    const { spanId } = parent.spanContext();
    return this.all
      .filter((span) => span.parentSpanContext?.spanId === spanId)
      .toSorted(
        (one, other) => one.startTime[0] - other.startTime[0] || one.startTime[1] - other.startTime[1],
      );
  }

  /** Everything that an exporter would pass on. */
  text(): string {
    return JSON.stringify(
      this.all.map(({ name, attributes, status, events, links }) => ({
        name,
        attributes,
        status,
        events,
        links,
      })),
    );
  }
}
