import { SMS_FAILURE_TEXTS, type SmsFailureReason } from '@app/sms';
import type { StoredVerification } from './verification.store.js';

/** How far the message got. */
export const DELIVERIES = ['queued', 'sent', 'delivered', 'undelivered', 'failed', 'unknown'] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** What is known of the message, and in plain words. */
export function deliveryOf({ send, failure }: Pick<StoredVerification, 'send' | 'failure'>): {
  delivery: Delivery;
  deliveryReason: string;
} {
  switch (send) {
    case 'in_flight':
      return { delivery: 'unknown', deliveryReason: 'The message is being handed to the SMS provider.' };
    case 'accepted':
      return { delivery: 'queued', deliveryReason: 'The SMS provider accepted the message.' };
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
