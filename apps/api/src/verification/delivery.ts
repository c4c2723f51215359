import { SMS_FAILURE_TEXTS, type SmsFailureReason } from '@app/sms';
import type { StoredVerification } from './verification.store.js';

/** How far a message got. */
export const DELIVERIES = ['queued', 'sent', 'delivered', 'undelivered', 'failed', 'unknown'] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** What Twilio reported of a message. */
export interface DeliveryReport {
  readonly delivery: Exclude<Delivery, 'unknown'>;
  /** Twilio's error code, for a message that was not delivered. See https://www.twilio.com/docs/api/errors */
  readonly twilioCode?: number;
}

/** Twilio's statuses of an outgoing message, in our terms. See https://www.twilio.com/docs/messaging/guides */
const BY_STATUS = new Map<string, DeliveryReport['delivery']>([
  ['accepted', 'queued'],
  ['scheduled', 'queued'],
  ['queued', 'queued'],
  ['sending', 'queued'],
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'delivered'],
  ['undelivered', 'undelivered'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
]);

/** @returns undefined for a status that we do not know: Twilio adds some without notice */
export function reportOf(status: string, twilioCode?: number): DeliveryReport | undefined {
  const delivery = BY_STATUS.get(status);
  if (!delivery) return undefined;
  const isCode = twilioCode !== undefined && twilioCode > 0 && twilioCode < CODES_PER_STEP;
  return isCode && (delivery === 'failed' || delivery === 'undelivered')
    ? { delivery, twilioCode }
    : { delivery };
}

/**
 * The steps of a message, in the order in which a later one replaces an earlier one. A message that is reported as not
 * delivered and as delivered was delivered: a retried send may have made two, and some carriers correct themselves.
 */
const STEPS: readonly DeliveryReport['delivery'][] = ['queued', 'sent', 'failed', 'undelivered', 'delivered'];
const CODES_PER_STEP = 10_000_000;

/**
 * A report as one number. A store keeps the largest, so that reports only move a message forward, whatever their order
 * and however often they come.
 */
export function progressOf({ delivery, twilioCode = 0 }: DeliveryReport): number {
  return (STEPS.indexOf(delivery) + 1) * CODES_PER_STEP + twilioCode;
}

/** @param progress 0 when nothing was reported */
export function reportAt(progress: number): DeliveryReport | undefined {
  if (progress === 0) return undefined;
  const delivery = STEPS[Math.floor(progress / CODES_PER_STEP) - 1];
  return { delivery, twilioCode: progress % CODES_PER_STEP || undefined };
}

/** The ends of a message. */
export const FINAL_DELIVERIES = ['delivered', 'undelivered', 'failed'] as const;

/** A report after which none is expected. */
export interface FinalReport extends DeliveryReport {
  readonly delivery: (typeof FINAL_DELIVERIES)[number];
}

export function isFinal(report: DeliveryReport): report is FinalReport {
  return FINAL_DELIVERIES.some((final) => final === report.delivery);
}

/** What is known of the message, and in plain words. */
export function deliveryOf({
  send,
  failure,
  progress,
}: Pick<StoredVerification, 'send' | 'failure' | 'progress'>): {
  delivery: Delivery;
  deliveryReason: string;
} {
  const report = reportAt(progress);
  if (report) return { delivery: report.delivery, deliveryReason: reasonOf(report) };
  switch (send) {
    case 'in_flight':
      return { delivery: 'unknown', deliveryReason: 'The message is being handed to the SMS provider.' };
    case 'accepted':
      return { delivery: 'queued', deliveryReason: REASONS.queued };
    case 'unknown':
      return {
        delivery: 'unknown',
        deliveryReason: 'The SMS provider did not confirm the message. It may still arrive.',
      };
    case 'failed':
      return {
        delivery: 'failed',
        deliveryReason:
          SMS_FAILURE_TEXTS[failure as SmsFailureReason] ?? 'The SMS provider could not be reached.',
      };
  }
}

const REASONS: Record<DeliveryReport['delivery'], string> = {
  queued: 'The SMS provider accepted the message.',
  sent: "The message was handed to the phone's carrier.",
  delivered: 'The message was delivered.',
  undelivered: "The phone's carrier could not deliver the message.",
  failed: 'The SMS provider could not send the message.',
};

const TELL_THE_OPERATOR = 'The SMS service is not set up to reach this number. Please tell the operator.';
const TRY_LATER = 'The mobile network could not take the message. Ask for a new code later.';

/** Why a message was not delivered. See https://www.twilio.com/docs/api/errors */
const REASONS_BY_CODE = new Map<number, string>([
  [21610, SMS_FAILURE_TEXTS.opted_out],
  [30001, TRY_LATER],
  [30002, SMS_FAILURE_TEXTS.authentication_failed],
  [30003, 'The phone is switched off, out of reach, or cannot receive SMS.'],
  [30004, 'The phone or its carrier blocks our messages.'],
  [30005, 'This number is unknown or not in service. Check it, or use another one.'],
  [30006, SMS_FAILURE_TEXTS.not_mobile],
  [30007, 'The carrier filtered the message out. Please tell the operator.'],
  [30008, REASONS.undelivered],
  [30017, TRY_LATER],
  [30022, TRY_LATER],
  [30023, TRY_LATER],
  [30027, TRY_LATER],
  [30032, TELL_THE_OPERATOR],
  [30033, TELL_THE_OPERATOR],
  [30034, TELL_THE_OPERATOR],
  [30035, TELL_THE_OPERATOR],
  [30036, 'The message could not be sent before its code expired. Ask for a new code.'],
  [30042, TELL_THE_OPERATOR],
  [30410, TRY_LATER],
  [30450, SMS_FAILURE_TEXTS.blocked_as_fraud],
]);

/** The codes of Twilio that are told apart. */
export const DELIVERY_CODES: readonly number[] = [...REASONS_BY_CODE.keys()];

function reasonOf({ delivery, twilioCode }: DeliveryReport): string {
  if (twilioCode === undefined) return REASONS[delivery];
  return `${REASONS_BY_CODE.get(twilioCode) ?? REASONS[delivery]} (Twilio error ${twilioCode})`;
}
