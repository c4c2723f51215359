import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryOf, progressOf, reportAt, reportOf, type DeliveryReport } from './delivery.js';

const STATUSES = [
  'accepted',
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'failed',
  'canceled',
  'read',
];
const reports = fc
  .record({
    status: fc.constantFrom(...STATUSES),
    code: fc.option(fc.integer({ min: 1, max: 99_999 }), { nil: undefined }),
  })
  .map(({ status, code }) => reportOf(status, code)!);

const after = (received: readonly DeliveryReport[]): DeliveryReport | undefined =>
  reportAt(received.reduce((progress, report) => Math.max(progress, progressOf(report)), 0));

describe('What Twilio reports of a message', () => {
  it('ends in the same state in every order, and however often each report comes', () => {
    fc.assert(
      fc.property(
        fc.array(reports, { minLength: 1, maxLength: 6 }).chain((sent) =>
          fc.tuple(
            fc.constant(sent),
            fc.shuffledSubarray([...sent, ...sent, ...sent], {
              minLength: sent.length * 3,
              maxLength: sent.length * 3,
            }),
          ),
        ),
        ([sent, received]) => expect(after(received)).toEqual(after(sent)),
      ),
    );
  });

  it('never goes back from its end', () => {
    fc.assert(
      fc.property(fc.array(reports), reports, (received, next) => {
        const before = after(received);
        const now = after([...received, next]);
        if (before?.delivery === 'delivered') expect(now?.delivery).toBe('delivered');
        if (before?.delivery === 'undelivered') expect(['undelivered', 'delivered']).toContain(now?.delivery);
      }),
    );
  });

  it.each(['', 'receiving', 'partially_delivered', 'a status of next year', '__proto__'])(
    'is left alone when the status is one that we do not know (%j)',
    (status) => expect(reportOf(status)).toBeUndefined(),
  );

  it.each<[string, number | undefined, string, string]>([
    ['queued', undefined, 'queued', 'The SMS provider accepted the message.'],
    ['sent', undefined, 'sent', "The message was handed to the phone's carrier."],
    ['delivered', 30003, 'delivered', 'The message was delivered.'],
    [
      'undelivered',
      30006,
      'undelivered',
      'This number cannot receive SMS. Use a mobile number. (Twilio error 30006)',
    ],
    [
      'undelivered',
      39999,
      'undelivered',
      "The phone's carrier could not deliver the message. (Twilio error 39999)",
    ],
    ['undelivered', undefined, 'undelivered', "The phone's carrier could not deliver the message."],
    [
      'failed',
      30001,
      'failed',
      'The mobile network could not take the message. Ask for a new code later. (Twilio error 30001)',
    ],
  ])('is told in plain words: %s with %s', (status, twilioCode, delivery, deliveryReason) => {
    const progress = progressOf(reportOf(status, twilioCode)!);
    expect(deliveryOf({ send: 'accepted', progress })).toEqual({ delivery, deliveryReason });
  });
});
