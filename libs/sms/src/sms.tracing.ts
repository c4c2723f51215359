import { context, SpanKind, SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api';
import type { PhoneNumber } from './phone/phone-number.js';
import { isRefusal, SmsError, type SmsSendFailedError } from './sms.errors.js';

/**
 * Spans of OpenTelemetry. They go nowhere, and cost next to nothing, unless the host app registers an SDK. None holds a
 * phone, a code, an id of a verification, or the text of an error.
 */
const tracer = trace.getTracer('phone-verification');

/** A whole send, as `sms.send`. What is done for it is below its span. */
export function tracedSend<T extends { segments: number }>(
  phone: PhoneNumber,
  send: () => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan('sms.send', async (span) => {
    if (span.isRecording()) span.setAttribute('sms.country', phone.country ?? 'none');
    try {
      const sent = await send();
      end(span, { 'sms.outcome': 'sent', 'sms.segments': sent.segments });
      return sent;
    } catch (error) {
      endFailed(span, error);
      throw error;
    }
  });
}

function endFailed(span: Span, error: unknown): void {
  if (!(error instanceof SmsError)) {
    end(span, { 'sms.outcome': 'error' }, 'INTERNAL_ERROR');
    return;
  }
  const { reason, twilioCode, mayArrive } = error as Partial<SmsSendFailedError>;
  const outcome = isRefusal(error) ? 'refused' : mayArrive ? 'unconfirmed' : 'failed';
  const attributes = {
    'sms.outcome': outcome,
    'sms.code': error.code,
    'sms.reason': reason,
    'twilio.code': twilioCode,
  };
  end(span, attributes, outcome === 'refused' ? undefined : error.code);
}

/**
 * Something that was asked of another system. Nobody wants to see what no span is waiting for, such as what is done by
 * a timer.
 */
export function startChildSpan(name: 'twilio.request' | 'store.operation'): Span | undefined {
  if (!trace.getActiveSpan()?.isRecording()) return undefined;
  return tracer.startSpan(name, { kind: SpanKind.CLIENT });
}

/** So that spans of other instrumentation, such as of HTTP, are below this one. */
export function inSpan<T>(span: Span | undefined, work: () => T): T {
  return span ? context.with(trace.setSpan(context.active(), span), work) : work();
}

/** @param fault a word of ours, if it failed */
export function end(span: Span | undefined, attributes: Attributes, fault?: string): void {
  if (!span) return;
  span.setAttributes(attributes);
  if (fault !== undefined) {
    span.setAttribute('error.type', fault);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
