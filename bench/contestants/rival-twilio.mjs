// The official SDK as its documentation shows it, for the rivals: its own HTTP client, with the defaults that it has.
// Only the origin differs. That is plain HTTP here, so the SDK's agent for HTTPS is repeated for HTTP, option by option;
// without this the rivals would lose their keep-alive connections and gain sockets without end.
import { Agent } from 'node:http';
import twilio from 'twilio';

const TWILIO = 'https://api.twilio.com';
const SENDER = '+12025550199';

class RequestClient extends twilio.RequestClient {
  constructor() {
    super();
    const { maxSockets, maxTotalSockets, maxFreeSockets, keepAlive, keepAliveMsecs, options } =
      this.axios.defaults.httpsAgent;
    this.axios.defaults.httpAgent = new Agent({
      maxSockets,
      maxTotalSockets,
      maxFreeSockets,
      keepAlive,
      keepAliveMsecs,
      timeout: options.timeout,
    });
  }

  request(options) {
    return super.request({ ...options, uri: options.uri.replace(TWILIO, process.env.TWILIO_URL) });
  }
}

const client = twilio(`AC${'0'.repeat(32)}`, 'not-a-token', { httpClient: new RequestClient() });

/** Sends a code. */
export function sendCode(phone, code) {
  return client.messages.create({ to: phone, from: SENDER, body: `Your verification code is: ${code}` });
}
