import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SendEnd, SmsLoad, SmsObserver, StoreOperationEnd, TwilioRequestEnd } from '@app/sms';
import type { FinalReport } from '../verification/delivery.js';
import {
  countryLabel,
  LABEL_VALUES,
  methodLabel,
  twilioCodeLabel,
  type CheckResult,
  type RefusalLabels,
  type SendOutcome,
} from './metrics.labels.js';
import { collectNodeMetrics } from './node-metrics.js';

/** An HTTP answer, with the route as it is written in the code. */
export interface HttpAnswer {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

/** What this process has counted and timed since it started. docs/metrics.md lists it. */
@Injectable()
export class Metrics implements SmsObserver, OnApplicationShutdown {
  /** Of this app alone: several may run in one process. */
  private readonly registry = new Registry();
  private readonly registers = [this.registry];

  private readonly sends = new Counter({
    name: 'sms_sends_total',
    help: 'Calls for a code, by how they ended.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  private readonly refusals = new Counter({
    name: 'sms_refusals_total',
    help: 'Calls for a code that were refused, by error code and by whose limit it was.',
    labelNames: ['code', 'limit'],
    registers: this.registers,
  });
  private readonly sendsByCountry = new Counter({
    name: 'sms_sends_by_country_total',
    help: 'Messages that Twilio took, or may have taken, by the country of the phone.',
    labelNames: ['country'],
    registers: this.registers,
  });
  private readonly segments = new Counter({
    name: 'sms_segments_total',
    help: 'Segments of the messages that Twilio took, or may have taken: what it bills.',
    registers: this.registers,
  });
  private readonly deliveries = new Counter({
    name: 'sms_deliveries_total',
    help: "Messages whose end became known, by the end and by Twilio's error code.",
    labelNames: ['delivery', 'twilio_code'],
    registers: this.registers,
  });
  private readonly sendsUnderWay = new Gauge({
    name: 'sms_sends_under_way',
    help: 'Sends at this moment, from before their reservation until their outcome is recorded.',
    registers: this.registers,
  });
  private readonly sendsWaiting = new Gauge({
    name: 'sms_sends_waiting',
    help: 'Calls for a code that wait until another send has ended.',
    registers: this.registers,
  });
  private readonly checks = new Counter({
    name: 'verification_checks_total',
    help: 'Checks of a code, by their result.',
    labelNames: ['result'],
    registers: this.registers,
  });
  private readonly approvedByCountry = new Counter({
    name: 'verifications_approved_by_country_total',
    help: 'Codes that were approved, by the country of the phone.',
    labelNames: ['country'],
    registers: this.registers,
  });
  private readonly twilioRequests = new Histogram({
    name: 'twilio_request_duration_seconds',
    help: 'Time of each request to Twilio for a message, by what was answered.',
    labelNames: ['answer'],
    buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30],
    registers: this.registers,
  });
  private readonly twilioFailures = new Counter({
    name: 'twilio_failures_total',
    help: 'Requests that Twilio answered without taking the message, by the reason.',
    labelNames: ['reason'],
    registers: this.registers,
  });
  private readonly twilioRetries = new Counter({
    name: 'twilio_retries_total',
    help: 'Requests to Twilio that repeat a failed one of the same send.',
    registers: this.registers,
  });
  private readonly breakerOpen = new Gauge({
    name: 'twilio_breaker_open',
    help: '1 while Twilio does not answer and so is hardly asked, else 0.',
    registers: this.registers,
  });
  private readonly storeOperations = new Histogram({
    name: 'store_operation_duration_seconds',
    help: 'Time of each operation of the store, those that fail included.',
    labelNames: ['store'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    registers: this.registers,
  });
  private readonly storeErrors = new Counter({
    name: 'store_errors_total',
    help: 'Operations of the store that failed, by what it reported.',
    labelNames: ['store', 'fault'],
    registers: this.registers,
  });
  private readonly httpAnswers = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time of each HTTP request until its answer was sent, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: this.registers,
  });
  private readonly stopNodeMetrics = collectNodeMetrics(this.registry);
  private loadNow?: () => SmsLoad;

  /** What is watched starts at 0, so that the first event is an increase too. */
  constructor() {
    for (const outcome of LABEL_VALUES.outcome) this.sends.inc({ outcome }, 0);
    for (const limit of ['phone', 'total'] as const)
      this.refusals.inc({ code: 'TODAY_SMS_LIMIT_REACHED', limit }, 0);
    for (const limit of ['phone', 'source'] as const)
      this.refusals.inc({ code: 'SMS_SEND_TOO_FREQUENTLY', limit }, 0);
    this.refusals.inc({ code: 'SERVER_BUSY', limit: 'none' }, 0);
    for (const result of LABEL_VALUES.result) this.checks.inc({ result }, 0);
    for (const delivery of LABEL_VALUES.delivery) this.deliveries.inc({ delivery, twilio_code: 'none' }, 0);
    for (const reason of LABEL_VALUES.reason) this.twilioFailures.inc({ reason }, 0);
    for (const answer of LABEL_VALUES.answer) this.twilioRequests.zero({ answer });
  }

  /** @param loadNow asked each time that the metrics are */
  watchLoad(loadNow: () => SmsLoad): void {
    this.loadNow = loadNow;
  }

  call(outcome: SendOutcome): void {
    this.sends.inc({ outcome });
  }

  /** Counted beside {@link call}. */
  refusal({ code, limit }: RefusalLabels): void {
    this.refusals.inc({ code, limit });
  }

  check(result: CheckResult): void {
    this.checks.inc({ result });
  }

  /** Counted beside {@link check}. */
  approval(country: string | undefined): void {
    this.approvedByCountry.inc({ country: countryLabel(country) });
  }

  /** To be told once of each message. */
  delivery({ delivery, twilioCode }: FinalReport): void {
    this.deliveries.inc({ delivery, twilio_code: twilioCodeLabel(twilioCode) });
  }

  send({ outcome, country, segments }: SendEnd): void {
    if (outcome === 'failed') return;
    this.sendsByCountry.inc({ country: countryLabel(country) });
    this.segments.inc(segments);
  }

  twilioRequest({ attempt, durationMs, answer, reason }: TwilioRequestEnd): void {
    this.twilioRequests.observe({ answer }, durationMs / 1_000);
    if (reason) this.twilioFailures.inc({ reason });
    if (attempt > 1) this.twilioRetries.inc();
  }

  storeOperation({ store, durationMs, fault }: StoreOperationEnd): void {
    this.storeOperations.observe({ store }, durationMs / 1_000);
    if (fault) this.storeErrors.inc({ store, fault });
  }

  httpAnswer({ method, route, status, durationMs }: HttpAnswer): void {
    this.httpAnswers.observe({ method: methodLabel(method), route, status }, durationMs / 1_000);
  }

  /** All of it, in the text format of Prometheus. */
  text(): Promise<string> {
    const load = this.loadNow?.();
    this.sendsUnderWay.set(load?.underWay ?? 0);
    this.sendsWaiting.set(load?.waiting ?? 0);
    this.breakerOpen.set(load?.isBreakerOpen ? 1 : 0);
    return this.registry.metrics();
  }

  onApplicationShutdown(): void {
    this.stopNodeMetrics();
  }
}
