/** What Twilio sends with every error. */
export interface TwilioErrorBody {
  code: number;
  message: string;
  more_info: string;
  status: number;
}

const MESSAGES: Readonly<Record<number, string>> = {
  20001: 'Invalid parameter',
  20003: 'Authenticate',
  20005: 'Account not active',
  20009: 'Cannot delete message because delivery has not been completed.',
  20404: 'The requested resource was not found',
  20429: 'Too Many Requests',
  20500: 'An internal server error has occurred',
  20503: 'Service unavailable',
  21211: "The 'To' number is not a valid phone number.",
  21212: "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.",
  21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
  21602: 'Message body is required.',
  21603: "A 'From' phone number is required.",
  21604: "A 'To' phone number is required.",
  21606:
    "The 'From' phone number is not a valid, message-capable Twilio phone number for this destination/account",
  21608: 'The number is unverified. Trial accounts cannot send messages to unverified numbers',
  21609: "The 'StatusCallback' URL is not a valid URL",
  21610: 'Attempt to send to unsubscribed recipient',
  21611: "This 'From' number has exceeded the maximum number of queued messages",
  21612: "Message cannot be sent with the current combination of 'To' and 'From' parameters",
  21614: "'To' number is not a valid mobile number",
  21617: 'The concatenated message body exceeds the 1600 character limit.',
  21624: 'The ValidityPeriod is invalid: an integer from 1 to 36000 is required.',
  21704: 'The Messaging Service contains no phone numbers.',
  21705: 'The Messaging Service Sid is invalid.',
  30001: 'Queue overflow',
  30002: 'Account suspended',
  30003: 'Unreachable destination handset',
  30004: 'Message blocked',
  30005: 'Unknown destination handset',
  30006: 'Landline or unreachable carrier',
  30007: 'Message filtered',
  30008: 'Unknown error',
  30409: 'This message cannot be canceled',
};

const CODES_BY_STATUS: Readonly<Record<number, number>> = { 401: 20003, 404: 20404, 429: 20429, 503: 20503 };

/** Twilio's words for an error. */
export function messageOf(code: number): string {
  return MESSAGES[code] ?? `Error ${code}`;
}

/** A refusal in Twilio's words. */
export class TwilioError extends Error {
  override readonly name = 'TwilioError';

  constructor(
    readonly code: number,
    readonly status = 400,
    message = messageOf(code),
  ) {
    super(message);
  }

  /** The code and text Twilio would use with this status, unless told otherwise. */
  static ofStatus(status: number, code?: number, message?: string): TwilioError {
    return new TwilioError(
      code ?? CODES_BY_STATUS[status] ?? (status < 500 ? 20001 : 20500),
      status,
      message,
    );
  }

  static notFound(url: string): TwilioError {
    const [path = ''] = url.split('?');
    return new TwilioError(20404, 404, `The requested resource ${path} was not found`);
  }

  toBody(): TwilioErrorBody {
    return {
      code: this.code,
      message: this.message,
      more_info: `https://www.twilio.com/docs/errors/${this.code}`,
      status: this.status,
    };
  }
}
