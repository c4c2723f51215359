import {
  PhoneFormatError,
  PhoneNotAllowedError,
  PhoneNumber,
  SMS_FAILURE_TEXTS,
  SmsConnectionFailedError,
  SmsSendFailedError,
  SmsSendTooFrequentlyError,
  StoreUnavailableError,
  TodaySmsLimitReachedError,
  type SmsFailureReason,
} from '@app/sms';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseMetrics } from '../../../../test/support/prometheus.js';
import { Metrics } from '../metrics/metrics.js';
import {
  MobileRegisterDisabledError,
  SmsCheckTooFrequentlyError,
  SmsCodeError,
  SmsCodeExpiredError,
  VerificationNotFoundError,
} from './verification.errors.js';
import { IdempotencyKeyInUseError } from '../idempotency/idempotency.errors.js';
import { countCheck, countSend } from './verification.metrics.js';

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics();
});
afterEach(() => metrics.onApplicationShutdown());

/** What was counted, as `name: labels`. */
async function counted(): Promise<string[]> {
  const all = [...parseMetrics(await metrics.text()).values()];
  return all
    .filter(({ name }) => !/^(process|nodejs)_/.test(name))
    .flatMap(({ samples }) => samples.filter(({ value }) => value !== 0))
    .map(({ name, labels, value }) => `${name}: ${Object.values(labels).join(' ')} ${value}`);
}

const definite = { mayArrive: false };
const unconfirmed = { mayArrive: true };
const reasons = Object.keys(SMS_FAILURE_TEXTS) as SmsFailureReason[];

describe('A call for a code', () => {
  it.each<[string, unknown, outcome: string, refusal: string]>([
    ['that sent one', undefined, 'sent', ''],
    ...reasons.map((reason): [string, unknown, string, string] => [
      `that Twilio refused (${reason})`,
      new SmsSendFailedError(reason, definite),
      'failed',
      '',
    ]),
    ['whose code may arrive', new SmsSendFailedError('provider_error', unconfirmed), 'unconfirmed', ''],
    ['that did not reach Twilio', new SmsConnectionFailedError(definite), 'failed', ''],
    ['that Twilio did not confirm', new SmsConnectionFailedError(unconfirmed), 'unconfirmed', ''],
    ['without a store', new StoreUnavailableError('timeout'), 'store_unavailable', ''],
    ['that met a fault of ours', new TypeError('canary'), 'error', ''],
    ['whose key is in use', new IdempotencyKeyInUseError(), 'refused', 'IDEMPOTENCY_KEY_IN_USE none'],
    ['within the cooldown', new SmsSendTooFrequentlyError(1), 'refused', 'SMS_SEND_TOO_FREQUENTLY phone'],
    [
      'of a busy source',
      new SmsSendTooFrequentlyError(1, 'source'),
      'refused',
      'SMS_SEND_TOO_FREQUENTLY source',
    ],
    [
      "beyond the phone's allowance",
      new TodaySmsLimitReachedError(1),
      'refused',
      'TODAY_SMS_LIMIT_REACHED phone',
    ],
    ['beyond the cap', new TodaySmsLimitReachedError(1, 'total'), 'refused', 'TODAY_SMS_LIMIT_REACHED total'],
    [
      'to a phone with too many wrong guesses',
      new SmsCheckTooFrequentlyError(1),
      'refused',
      'SMS_CHECK_TOO_FREQUENTLY phone',
    ],
    ['to what is no phone', new PhoneFormatError(), 'refused', 'PHONE_FORMAT_ERROR none'],
    ['to a phone that is not served', new PhoneNotAllowedError(), 'refused', 'PHONE_NOT_ALLOWED none'],
    [
      'for a purpose that is off',
      new MobileRegisterDisabledError(),
      'refused',
      'MOBILE_REGISTER_DISABLED none',
    ],
  ])('%s is counted', async (_, failure, outcome, refusal) => {
    countSend(metrics, failure);
    expect(await counted()).toEqual([
      `sms_sends_total: ${outcome} 1`,
      ...(refusal ? [`sms_refusals_total: ${refusal} 1`] : []),
    ]);
  });

  it('that repeats an earlier answer is not counted as that answer again', async () => {
    countSend(metrics, undefined, { repeated: true });
    countSend(metrics, new SmsConnectionFailedError(unconfirmed), { repeated: true });
    expect(await counted()).toEqual(['sms_sends_total: repeated 2']);
  });
});

describe('A check', () => {
  it.each<[string, unknown]>([
    ['approved', undefined],
    ['wrong_code', new SmsCodeError(4)],
    ['wrong_code', new SmsCodeError(0)],
    ['expired', new SmsCodeExpiredError('expired')],
    ['used', new SmsCodeExpiredError('approved')],
    ['replaced', new SmsCodeExpiredError('replaced')],
    ['attempts_exhausted', new SmsCodeExpiredError('attempts_exhausted')],
    ['send_failed', new SmsCodeExpiredError('send_failed')],
    ['not_found', new VerificationNotFoundError()],
    ['too_frequent', new SmsCheckTooFrequentlyError(1)],
    ['store_unavailable', new StoreUnavailableError('timeout')],
    ['error', new TypeError('canary')],
  ])('is counted as %s', async (result, failure) => {
    countCheck(metrics, failure);
    expect(await counted()).toEqual([
      `verification_checks_total: ${result} 1`,
      ...(result === 'approved' ? ['verifications_approved_by_country_total: none 1'] : []),
    ]);
  });

  it.each([
    ['+8613800138000', 'CN'],
    ['+447400123456', 'GB'],
    ['+1234567890', 'none'],
    ['+15005550006', 'none'],
  ])('of a code that is approved is counted for the country of %s: %s', async (phone, country) => {
    countCheck(metrics, undefined, { phone: PhoneNumber.parse(phone) });
    expect(await counted()).toContain(`verifications_approved_by_country_total: ${country} 1`);
  });
});
