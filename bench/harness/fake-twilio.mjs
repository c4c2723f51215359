// Twilio, as far as a send needs it, at as little cost as possible and inside the process of the load, which so learns
// the codes. The bundled simulator does far more (inbox, status callbacks, faults), and that work would be measured too.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const TO = /(?:^|&)To=%2B(\d+)/;
const BODY = /(?:^|&)Body=([^&]*)/;
const CODE = /\d{4,10}/;

export class FakeTwilio {
  /** Time until it answers. */
  latencyMs = 0;
  /** Called before each answer, and waited for. */
  beforeAnswer = undefined;
  /** The last code of each phone. */
  codes = new Map();
  #server;
  #messages = 0;

  static async start() {
    const twilio = new FakeTwilio();
    twilio.#server = createServer((request, response) => twilio.#receive(request, response));
    twilio.#server.keepAliveTimeout = 60_000;
    twilio.#server.listen(0, '127.0.0.1');
    await once(twilio.#server, 'listening');
    twilio.url = `http://127.0.0.1:${twilio.#server.address().port}`;
    return twilio;
  }

  async stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #receive(request, response) {
    let form = '';
    request.setEncoding('latin1');
    request.on('data', (chunk) => (form += chunk));
    request.on('end', () => {
      const to = `+${TO.exec(form)[1]}`;
      // Decoded first: clients write a space before the code as "+" or as "%20".
      this.codes.set(to, CODE.exec(decodeURIComponent(BODY.exec(form)[1]))[0]);
      if (this.beforeAnswer) void this.beforeAnswer().then(() => this.#answer(response, to));
      else if (this.latencyMs > 0) void sleep(this.latencyMs).then(() => this.#answer(response, to));
      else this.#answer(response, to);
    });
  }

  #answer(response, to) {
    this.#messages += 1;
    const account = `AC${'0'.repeat(32)}`;
    const sid = `SM${this.#messages.toString(16).padStart(32, '0')}`;
    const uri = `/2010-04-01/Accounts/${account}/Messages/${sid}`;
    const now = new Date().toUTCString();
    const body = JSON.stringify({
      account_sid: account,
      api_version: '2010-04-01',
      body: 'Your verification code is: ******',
      date_created: now,
      date_sent: null,
      date_updated: now,
      direction: 'outbound-api',
      error_code: null,
      error_message: null,
      from: '+12025550199',
      messaging_service_sid: null,
      num_media: '0',
      num_segments: '1',
      price: null,
      price_unit: 'USD',
      sid,
      status: 'queued',
      subresource_uris: { media: `${uri}/Media.json` },
      to,
      uri: `${uri}.json`,
    });
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  }
}
