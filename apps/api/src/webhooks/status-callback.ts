import { reportOf, type DeliveryReport } from '../verification/delivery.js';

/** What a status callback says. See https://www.twilio.com/docs/messaging/guides/track-outbound-message-status */
export interface StatusCallback {
  readonly accountSid: string;
  readonly report: DeliveryReport;
}

/** @returns undefined if it says nothing that we know: Twilio adds statuses and fields without notice */
export function readStatusCallback(form: string): StatusCallback | undefined {
  const fields = new URLSearchParams(form);
  const status = fields.get('MessageStatus') ?? fields.get('SmsStatus') ?? '';
  const errorCode = fields.get('ErrorCode') ?? '';
  const report = reportOf(status, /^\d{1,7}$/.test(errorCode) ? Number(errorCode) : undefined);
  return report && { accountSid: fields.get('AccountSid') ?? '', report };
}
