import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type { TwilioSimulator } from '@app/twilio-simulator';

/** The SDK's own HTTP client, sent to another origin. */
class Redirected extends twilio.RequestClient {
  constructor(
    private readonly origin: string,
    options?: RequestClient.RequestClientOptions,
  ) {
    super(options);
  }

  override request<Data>(options: RequestClient.RequestOptions<Data>) {
    const { pathname, search } = new URL(options.uri);
    return super.request<Data>({ ...options, uri: this.origin + pathname + search });
  }
}

/** The official SDK, with its own HTTP client, that sends to a simulator. */
export function connectSdk(
  { accountSid, authToken, url }: TwilioSimulator,
  { password = authToken, ...options }: RequestClient.RequestClientOptions & { password?: string } = {},
): twilio.Twilio {
  return twilio(accountSid, password, { accountSid, httpClient: new Redirected(url, options) });
}
