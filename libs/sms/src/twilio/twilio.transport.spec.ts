import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../secret.js';
import { Deadline, withDeadline } from './deadline.js';
import { createTwilioClient } from './twilio.client.js';
import { TwilioFailure } from './twilio.failure.js';
import { TwilioTransport, type TwilioRequest, type TwilioResponse } from './twilio.transport.js';

const USERNAME = `AC${'0'.repeat(32)}`;
const PASSWORD = 'canary-password';
const BODY = 'canary-message 123456';
const CREDENTIALS = Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64');
const SHORT_MS = 300;
/** Far more than any of these exchanges may take, and far less than a peer that is not cut off would take. */
const GENEROUS_MS = 10_000;
const KIB = 1024;

const message: TwilioRequest = {
  method: 'post',
  uri: `https://api.twilio.com/2010-04-01/Accounts/${USERNAME}/Messages.json`,
  username: USERNAME,
  password: PASSWORD,
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  data: { To: '+12025550123', Body: BODY },
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Peer {
  readonly url: string;
  /** Every request that arrived, complete. */
  readonly requests: string[];
  /** All bytes that arrived. */
  readonly received: () => string;
  readonly sockets: Socket[];
  /** The first connection. */
  readonly connected: Promise<Socket>;
}

/** A server that speaks raw TCP: `answer` is called for each complete request. */
async function peer(answer: (socket: Socket) => void): Promise<Peer> {
  const chunks: Buffer[] = [];
  const sockets: Socket[] = [];
  const requests: string[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    let pending = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      pending += chunk.toString();
      const [head, body = ''] = pending.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!pending.includes('\r\n\r\n') || body.length < length) return;
      requests.push(pending);
      pending = '';
      answer(socket);
    });
  });
  const connected = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.unshift(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, sockets, connected, received: () => Buffer.concat(chunks).toString() };
}

function http(status: number, body: string, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ 'Content-Length': Buffer.byteLength(body), ...headers });
  return `HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

const reply = (status: number, body: string, headers?: Record<string, string | number>) => (socket: Socket) =>
  void socket.write(http(status, body, headers));
const silence = (): void => undefined;
const CREATED = '{"sid":"SM1","status":"queued"}';

function transportTo(url: string, { timeoutMs = GENEROUS_MS, connections = 10 } = {}): TwilioTransport {
  const transport = new TwilioTransport(url, timeoutMs, connections);
  closers.push(() => transport.close());
  return transport;
}

function send(transport: TwilioTransport, deadlineMs = GENEROUS_MS): Promise<TwilioResponse> {
  return withDeadline(Deadline.in(deadlineMs), () => transport.request(message));
}

/** The failure of a request, which holds nothing of the request. */
async function failureOf(sending: Promise<TwilioResponse>): Promise<TwilioFailure> {
  const failure: unknown = await sending.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(TwilioFailure);
  const printed = inspect(failure, { depth: 20, showHidden: true }) + (failure as Error).stack;
  for (const secret of [PASSWORD, CREDENTIALS, 'canary', '123456', '2025550123']) {
    expect(printed).not.toContain(secret);
  }
  return failure as TwilioFailure;
}

async function certaintyOf(sending: Promise<TwilioResponse>): Promise<string> {
  return (await failureOf(sending)).facts.certainty;
}

/** Keeps the process from doing anything else, as a long collection of garbage or a suspended machine does. */
function blockFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('A request to Twilio', () => {
  it('goes to the configured origin, with the path of the SDK and Basic credentials', async () => {
    const { url, requests } = await peer(reply(201, CREATED));
    const response = await send(transportTo(url));
    expect(response).toMatchObject({ statusCode: 201, body: { sid: 'SM1', status: 'queued' } });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatch(`POST /2010-04-01/Accounts/${USERNAME}/Messages.json HTTP/1.1\r\n`);
    expect(requests[0]).toMatch(new RegExp(`^authorization: Basic ${CREDENTIALS}\r$`, 'im'));
    expect(requests[0]).toMatch(new RegExp(`^host: ${new URL(url).host}\r$`, 'im'));
  });

  it('carries every character of its fields', async () => {
    const { url, requests } = await peer(reply(201, CREATED));
    const text = 'a+b & c=d; 100% "é" 您的验证码 🔐\n@example.com #1';
    await transportTo(url).request({
      ...message,
      data: {
        To: '+12025550123',
        Body: text,
        Tags: ['a', 'b'],
        ValidityPeriod: 600,
        Flag: true,
        Absent: undefined,
      },
    });
    const [, form] = requests[0].split('\r\n\r\n');
    expect(form).toContain('To=%2B12025550123');
    expect([...new URLSearchParams(form)]).toEqual([
      ['To', '+12025550123'],
      ['Body', text],
      ['Tags', 'a'],
      ['Tags', 'b'],
      ['ValidityPeriod', '600'],
      ['Flag', 'true'],
    ]);
  });

  it('without a body carries its parameters in the query', async () => {
    const { url, requests } = await peer(reply(200, '{}'));
    await transportTo(url).request({
      ...message,
      method: 'get',
      data: undefined,
      params: { To: '+1', Page: 0 },
    });
    expect(requests[0]).toMatch(/^GET \S+Messages\.json\?To=%2B1&Page=0 HTTP/);
  });

  it('that was sent does not show when the transport is printed', async () => {
    const { url, requests } = await peer(silence);
    const transport = transportTo(url);
    const sending = send(transport, SHORT_MS);
    const print = (): string =>
      inspect(transport, { depth: 20, showHidden: true }) + JSON.stringify(transport);
    const queued = print();
    const failure = await failureOf(sending);
    expect(failure.facts.certainty).toBe('ambiguous');
    expect(requests).toHaveLength(1);
    for (const printed of [queued, print()]) {
      expect(printed).not.toContain('canary');
      expect(printed).not.toContain(CREDENTIALS);
    }
  });
});

describe('An answer of Twilio', () => {
  it.each([
    ['no JSON', '<html></html>'],
    ['half of its JSON', '{"sid":"SM1"'],
    ['an empty body', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['a text', '"SM1"'],
  ])('201 with %s leaves open what became of the message', async (_, body) => {
    const { url } = await peer(reply(201, body));
    expect(await certaintyOf(send(transportTo(url)))).toBe('ambiguous');
  });

  it.each([
    ['its code', '{"code":21211,"message":"canary"}', 21211],
    ['a code that is no number', '{"code":"canary"}', undefined],
    ['a phone in the place of the code', '{"code":12025550123}', undefined],
    ['no JSON', '<html>canary</html>', undefined],
    ['null', 'null', undefined],
  ])('400 with %s is a refusal', async (_, body, twilioCode) => {
    const { url } = await peer(reply(400, body));
    const { facts } = await failureOf(send(transportTo(url)));
    expect(facts).toMatchObject({ certainty: 'definite', twilioCode });
  });

  it("keeps Twilio's request id, for its support", async () => {
    const { url } = await peer(reply(400, '{}', { 'Twilio-Request-Id': `RQ${'a'.repeat(32)}` }));
    const { facts } = await failureOf(send(transportTo(url)));
    expect(facts.twilioRequestId).toBe(`RQ${'a'.repeat(32)}`);
  });

  it.each([`Basic ${CREDENTIALS}`, '12025550123', 'a-token-of-32-letters-and-digits1'])(
    'has no request id when a proxy put %s there',
    async (reflected) => {
      const { url } = await peer(reply(400, '{}', { 'Twilio-Request-Id': reflected }));
      const { facts } = await failureOf(send(transportTo(url)));
      expect(facts.twilioRequestId).toBeUndefined();
    },
  );

  it.each([
    ['in seconds', '7', 7],
    ['of zero', '0', 1],
    ['that is missing', undefined, 1],
    ['that is nonsense', 'soon', 1],
    ['that is negative', '-5', 1],
    ['that is over', 'Wed, 21 Oct 2015 07:28:00 GMT', 1],
    ['of more than a day, which becomes one day', '99999999999', 86_400],
  ])('429 with a Retry-After %s', async (_, header, seconds) => {
    const { url } = await peer(reply(429, '{}', header === undefined ? {} : { 'Retry-After': header }));
    const { facts } = await failureOf(send(transportTo(url)));
    expect(facts).toMatchObject({ reason: 'rate_limited', retryAfterSeconds: seconds });
  });

  it('429 with a Retry-After that is a date means the time until then', async () => {
    const until = new Date(Date.now() + 3_600_000).toUTCString();
    const { url } = await peer(reply(429, '{}', { 'Retry-After': until }));
    const { retryAfterSeconds } = (await failureOf(send(transportTo(url)))).facts;
    expect(retryAfterSeconds).toBeGreaterThan(3_500);
    expect(retryAfterSeconds).toBeLessThanOrEqual(3_600);
  });

  it('that redirects is not followed', async () => {
    const elsewhere = await peer(reply(201, CREATED));
    const { url, requests } = await peer(reply(307, '', { Location: `${elsewhere.url}/` }));
    expect(await certaintyOf(send(transportTo(url)))).toBe('ambiguous');
    expect(requests).toHaveLength(1);
    expect(elsewhere.sockets).toHaveLength(0);
  });

  it('may come after an early hint', async () => {
    const { url } = await peer((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n');
      socket.write(http(201, CREATED));
    });
    expect(await send(transportTo(url))).toMatchObject({ statusCode: 201, body: { sid: 'SM1' } });
  });

  it('of 64 KiB is read', async () => {
    const { url } = await peer(reply(200, JSON.stringify({ text: 'x'.repeat(64 * KIB - 11) })));
    expect(await send(transportTo(url))).toMatchObject({ statusCode: 200 });
  });

  it.each([
    [201, 'ambiguous'],
    [400, 'definite'],
    [503, 'ambiguous'],
  ])('of more than 64 KiB is not read: %d is %s', async (status, certainty) => {
    const { url, sockets } = await peer(reply(status, JSON.stringify({ text: 'x'.repeat(64 * KIB) })));
    expect(await certaintyOf(send(transportTo(url)))).toBe(certainty);
    expect(sockets).toHaveLength(1);
  });

  it('that never ends is cut off', async () => {
    const { url, sockets } = await peer((socket) => {
      socket.write('HTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n');
      const more = (): void => {
        while (socket.writable && socket.write(`${KIB.toString(16)}\r\n${'x'.repeat(KIB)}\r\n`));
      };
      socket.on('drain', more);
      more();
    });
    expect(await certaintyOf(send(transportTo(url)))).toBe('ambiguous');
    await closed(sockets[0]);
  });
});

describe('A connection that fails', () => {
  it('refused: nothing was sent', async () => {
    const { url } = await peer(silence);
    await closers.shift()?.();
    const failure = await failureOf(send(transportTo(url)));
    expect(failure.facts).toEqual({ certainty: 'definite', answer: 'unreachable', retryable: true });
  });

  it('without TLS where TLS is expected: nothing was sent', async () => {
    const { url, connected, received } = await peer(silence);
    const sending = send(transportTo(url.replace('http:', 'https:')));
    (await connected).end('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(await certaintyOf(sending)).toBe('definite');
    expect(received()).not.toContain(CREDENTIALS);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['reset', (socket) => socket.resetAndDestroy()],
    ['closed', (socket) => socket.end()],
    ['answered with something that is not HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['told to continue, and closed', (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n')],
    [
      'reset within the headers',
      (socket) => socket.write('HTTP/1.1 201 Cre', () => socket.resetAndDestroy()),
    ],
    ['closed within the body', (socket) => socket.end(http(201, CREATED).slice(0, -5))],
  ])('%s after the request was written: the message may have gone out', async (_, happens) => {
    const { url, requests } = await peer(happens);
    const failure = await failureOf(send(transportTo(url)));
    expect(failure.facts.certainty).toBe('ambiguous');
    expect(failure.facts.retryable).toBeFalsy();
    expect(requests).toHaveLength(1);
  });

  it('within the body of a refusal does not make it less of a refusal', async () => {
    const { url } = await peer((socket) => socket.end(http(400, '{"code":21211}').slice(0, -5)));
    expect(await certaintyOf(send(transportTo(url)))).toBe('definite');
  });

  it('is replaced by the next request', async () => {
    let broken = true;
    const { url } = await peer((socket) => {
      if (broken) socket.resetAndDestroy();
      else socket.write(http(201, CREATED));
    });
    const transport = transportTo(url);
    expect(await certaintyOf(send(transport))).toBe('ambiguous');
    broken = false;
    expect(await send(transport)).toMatchObject({ statusCode: 201 });
  });
});

describe('The deadline of a send', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['nothing', silence],
    ['100 Continue and then nothing', (socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n')],
    ['an early hint and then nothing', (socket) => void socket.write('HTTP/1.1 103 X\r\n\r\n')],
    ['half of its headers', (socket) => void socket.write('HTTP/1.1 201 Created\r\nConte')],
    ['half of its body', (socket) => void socket.write(http(201, CREATED).slice(0, -5))],
    ['its headers a byte at a time', (socket) => drip(socket, `HTTP/1.1 201 ${'x'.repeat(10_000)}`)],
    [
      'its body a byte at a time',
      (socket) => drip(socket, http(201, JSON.stringify({ sid: 'x'.repeat(10_000) }))),
    ],
  ])('is kept when Twilio answers %s: the message may have gone out', async (_, answers) => {
    const { url, requests, sockets } = await peer(answers);
    const startedAt = performance.now();
    expect(await certaintyOf(send(transportTo(url), SHORT_MS))).toBe('ambiguous');
    expect(performance.now() - startedAt).toBeLessThan(GENEROUS_MS);
    expect(requests).toHaveLength(1);
    await closed(sockets[0]);
  });

  it('reaches the transport through the SDK', async () => {
    const { url } = await peer(silence);
    const credentials = { username: USERNAME, password: new Secret(PASSWORD) };
    const client = createTwilioClient({ accountSid: USERNAME, credentials }, transportTo(url));
    const sms = { to: '+12025550123', from: '+12025550199', body: BODY };
    const startedAt = performance.now();
    const creating = withDeadline(Deadline.in(SHORT_MS), () => client.messages.create(sms));
    await expect(creating).rejects.toBeInstanceOf(TwilioFailure);
    expect(performance.now() - startedAt).toBeLessThan(GENEROUS_MS);
  });

  it('is that of the options for a request outside a send', async () => {
    const { url } = await peer(silence);
    const transport = transportTo(url, { timeoutMs: SHORT_MS });
    expect(await certaintyOf(transport.request(message))).toBe('ambiguous');
  });

  it('that passes while the request waits for a connection means that nothing was sent', async () => {
    const { url, requests, received } = await peer(silence);
    const transport = transportTo(url, { connections: 1 });
    const first = failureOf(send(transport, 2 * SHORT_MS));
    expect(await certaintyOf(send(transport, SHORT_MS))).toBe('definite');
    expect((await first).facts.certainty).toBe('ambiguous');
    await transport.close();
    expect(requests).toHaveLength(1);
    expect(received().match(/POST/g)).toHaveLength(1);
  });

  it('that passes while the process is busy connecting means that nothing is written', async () => {
    const { url, received } = await peer(reply(201, CREATED));
    const transport = transportTo(url);
    const sending = failureOf(send(transport, SHORT_MS));
    blockFor(2 * SHORT_MS);
    expect((await sending).facts.certainty).toBe('definite');
    await transport.close();
    expect(received()).toBe('');
  });

  it('that passed while the process was busy means that nothing is written, on an open connection either', async () => {
    const { url, requests } = await peer(reply(201, CREATED));
    const transport = transportTo(url);
    await send(transport);
    const deadline = Deadline.in(SHORT_MS);
    blockFor(2 * SHORT_MS);
    const sending = withDeadline(deadline, () => transport.request(message));
    expect(await certaintyOf(sending)).toBe('definite');
    expect(await send(transport)).toMatchObject({ statusCode: 201 });
    expect(requests).toHaveLength(2);
  });
});

/** A reset is as good as any other end. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Sends a text slowly; it would take minutes. */
function drip(socket: Socket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => socket.write(text[sent++] ?? 'x'), 20);
  socket.on('close', () => clearInterval(timer));
}
