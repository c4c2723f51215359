import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { startApi, type RunningApi } from '../support/api.js';
import { DescribedAnswers } from '../support/described-answers.js';
import { captureLog } from '../support/log.js';
import { speak } from '../support/raw-http.js';
import { until } from '../support/until.js';

const SENDS = '/v1/verifications';
const A_CHECK = `/v1/verifications/${'A'.repeat(44)}/check`;

let simulator: TwilioSimulator;
let api: RunningApi;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  api = await startApi(simulator, 'embedded');
});
afterAll(async () => {
  expect(simulator.requests).toHaveLength(0); // nothing here was ever sent
  await api.close();
  await simulator.close();
});

const post = (path: string, body: string, type = 'application/json') =>
  api.http().post(path).set('content-type', type).send(body);

describe('A request that is not right', () => {
  it.each([
    ['no JSON', SENDS, '{', 400, 'VALIDATION_FAILED'],
    ['nothing', SENDS, '', 400, 'VALIDATION_FAILED'],
    ['a list', SENDS, '[]', 400, 'VALIDATION_FAILED'],
    ['a text', SENDS, '"+12025550123"', 400, 'VALIDATION_FAILED'],
    ['null', SENDS, 'null', 400, 'VALIDATION_FAILED'],
    ['no phone', SENDS, '{}', 400, 'VALIDATION_FAILED'],
    ['a phone that is a number', SENDS, '{"phone":12025550123}', 400, 'VALIDATION_FAILED'],
    ['a list of phones', SENDS, '{"phone":["+12025550123","+12025550124"]}', 400, 'VALIDATION_FAILED'],
    ['an operator for a phone', SENDS, '{"phone":{"$gt":""}}', 400, 'VALIDATION_FAILED'],
    ['a property that is not known', SENDS, '{"phone":"+12025550123","body":"x"}', 400, 'VALIDATION_FAILED'],
    ['a prototype', SENDS, '{"phone":"+12025550123","__proto__":{"x":1}}', 400, 'VALIDATION_FAILED'],
    [
      'a constructor',
      SENDS,
      '{"phone":"+12025550123","constructor":{"prototype":{"x":1}}}',
      400,
      'VALIDATION_FAILED',
    ],
    [
      'a purpose that is not known',
      SENDS,
      '{"phone":"+12025550123","purpose":"spam"}',
      400,
      'VALIDATION_FAILED',
    ],
    ['a purpose that is null', SENDS, '{"phone":"+12025550123","purpose":null}', 400, 'VALIDATION_FAILED'],
    ['an empty phone', SENDS, '{"phone":""}', 400, 'PHONE_FORMAT_ERROR'],
    ['a national number', SENDS, '{"phone":"2025550123"}', 400, 'PHONE_FORMAT_ERROR'],
    ['a premium number', SENDS, '{"phone":"+19005550123"}', 422, 'PHONE_NOT_ALLOWED'],
    ['a body beyond 8 KiB', SENDS, `{"phone":"${'1'.repeat(9_000)}"}`, 413, 'PAYLOAD_TOO_LARGE'],
    ['a deep list', SENDS, `{"phone":${'['.repeat(4_000)}${']'.repeat(4_000)}}`, 400, 'VALIDATION_FAILED'],
    ['deep objects', A_CHECK, `${'{"code":'.repeat(900)}1${'}'.repeat(900)}`, 400, 'VALIDATION_FAILED'],
    ['no code', A_CHECK, '{}', 400, 'VALIDATION_FAILED'],
    ['a code that is a number', A_CHECK, '{"code":123456}', 400, 'VALIDATION_FAILED'],
    ['an empty code', A_CHECK, '{"code":""}', 400, 'VALIDATION_FAILED'],
    ['a code of blanks', A_CHECK, '{"code":"      "}', 400, 'VALIDATION_FAILED'],
    ['a code with a line break', A_CHECK, '{"code":"123456\\n"}', 400, 'VALIDATION_FAILED'],
    ['a code of full-width digits', A_CHECK, '{"code":"１２３４５６"}', 400, 'VALIDATION_FAILED'],
    ['a code of 3 digits', A_CHECK, '{"code":"123"}', 400, 'VALIDATION_FAILED'],
    ['a code of 11 digits', A_CHECK, '{"code":"12345678901"}', 400, 'VALIDATION_FAILED'],
    ['a list of codes', A_CHECK, '{"code":["123456"]}', 400, 'VALIDATION_FAILED'],
  ])('(%s) is told so as a problem', async (_, path, body, status, code) => {
    const answer = await post(path, body);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    for (const field of ['type', 'title', 'detail', 'requestId'])
      expect(answer.body[field]).toEqual(expect.any(String));
    expect(answer.headers['x-request-id']).toBe(answer.body.requestId);
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('is refused in any other form than JSON', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/xml',
      'multipart/form-data',
    ]) {
      const answer = await post(SENDS, 'phone=%2B12025550123', type).expect(415);
      expect(answer.body).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    }
  });

  it('names each field that is wrong, and not what was in it', async () => {
    const answer = await post(SENDS, '{"purpose":"secret-canary"}').expect(400);
    const pointers = (answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer);
    expect(new Set(pointers)).toEqual(new Set(['/phone', '/purpose']));
    expect(answer.text).not.toContain('canary');
  });
});

describe('The order of refusals', () => {
  it('is the form of the number, then the switch, then the kind of number', async () => {
    const off = await startApi(simulator, 'embedded', { SERVER_ENABLE_MOBILE_REGISTER: 'false' });
    try {
      const premium = '+19005550123';
      expect((await off.send('nonsense')).body.code).toBe('PHONE_FORMAT_ERROR');
      expect((await off.send(premium)).body.code).toBe('MOBILE_REGISTER_DISABLED');
      expect((await off.send(premium, { purpose: 'login' })).body.code).toBe('PHONE_NOT_ALLOWED');
    } finally {
      await off.close();
    }
  });
});

describe('An address', () => {
  it('that does not exist is NOT_FOUND', async () => {
    for (const path of ['/', '/nope', '/v1', '/v1/verifications/a/b/c', '/inbox', '/inbox/messages/latest']) {
      const answer = await api.http().get(path).expect(404);
      expect(answer.body).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    }
  });

  it('that supports other methods names them', async () => {
    const wrong = await api.http().delete(SENDS).expect(405);
    expect(wrong.body).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(wrong.headers.allow).toBe('POST');
    expect((await api.http().get(A_CHECK).expect(405)).headers.allow).toBe('POST');
    expect((await api.http().put('/v1/config').expect(405)).headers.allow).toBe('GET, HEAD');
    await api.http().get(`${SENDS}?phone=%2B12025550123`).expect(405);
  });

  it('that cannot be read is a problem too', async () => {
    const answer = await api.http().get('/%zz').expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.code).toBe('VALIDATION_FAILED');
    const { status, headers, text: body } = answer;
    (await DescribedAnswers.of(api.app)).compare({ method: 'GET', path: '/%zz', status, headers, body });
  });
});

describe('Every answer', () => {
  it('may not be stored, and is what it says it is', async () => {
    for (const path of ['/livez', '/readyz', '/v1/config', '/nope', '/%zz', `${SENDS}/${'A'.repeat(44)}`]) {
      const { headers } = await api.http().get(path);
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    }
  });

  it.each([
    ['something that is not HTTP', 'GARBAGE\r\n\r\n'],
    ['a request without a host', 'GET /livez HTTP/1.1\r\n\r\n'],
    ['a request with two hosts', 'GET /livez HTTP/1.1\r\nhost: one\r\nhost: two\r\n\r\n'],
    [
      'a request that expects what is not known',
      'POST /v1/verifications HTTP/1.1\r\nhost: one\r\nexpect: x\r\n\r\n',
    ],
  ])('is a problem even for %s', async (_, request) => {
    const answer = await speak(await api.app.getUrl(), request);
    const [head, body] = answer.split('\r\n\r\n');
    const [statusLine, ...lines] = head.split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(': ')));
    expect(headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(JSON.parse(body)).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    const status = Number(statusLine.split(' ')[1]);
    (await DescribedAnswers.of(api.app)).compare({ method: 'GET', path: '', status, headers, body });
  });

  it('is that of HTTP/1.0, which has no host, too', async () => {
    expect(await speak(await api.app.getUrl(), 'GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('A caller that hangs up in the middle of its request', () => {
  it('is no fault of ours', async () => {
    const events = captureLog();
    const server = api.app.getHttpServer();
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const head = 'POST /v1/verifications HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n';
    socket.write(`${head}content-type: application/json\r\ncontent-length: 99\r\n\r\n{`);
    const [request] = (await once(server, 'request')) as [IncomingMessage];
    const closed = new Promise<void>((resolve) => request.once('close', resolve));
    socket.resetAndDestroy();
    await closed;
    await setImmediate();
    expect(events.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('A connection whose request was refused before it was read', () => {
  const twoHosts = 'POST /livez HTTP/1.1\r\nhost: one\r\nhost: two\r\n';

  it.each([
    ['has more to send', `${twoHosts}content-length: 200000\r\n\r\n${'x'.repeat(200_000)}`],
    ['promised more than it sends', `${twoHosts}content-length: 200000\r\n\r\nx`],
    ['never spoke HTTP', 'GARBAGE\r\n\r\n'],
  ])('does not stay open when its caller %s, and does not let go', async (_, request) => {
    const { port } = api.app.getHttpServer().address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    try {
      socket.on('error', () => undefined); // it is cut in the end
      socket.on('data', () => undefined);
      socket.write(request);
      await once(socket, 'end');
      await until('the server has closed it', async () => (await openConnections()) === 0);
    } finally {
      socket.destroy();
    }
  });

  function openConnections(): Promise<number> {
    return new Promise((resolve, reject) =>
      api.app.getHttpServer().getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }
});

describe('A request that takes too long', () => {
  /** Both at once: they take as long as a slow request may. */
  it('to send its headers or its body is told so, and loses its connection', async () => {
    const { port } = api.app.getHttpServer().address() as AddressInfo;
    const head = 'POST /v1/verifications HTTP/1.1\r\nhost: localhost\r\n';
    const body = 'content-type: application/json\r\ncontent-length: 99\r\n\r\n{';
    const answers = await Promise.all(
      [head, head + body].map(async (start) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(start);
        const chunks: Buffer[] = [];
        for await (const chunk of socket) chunks.push(chunk as Buffer); // until it is closed
        return Buffer.concat(chunks).toString();
      }),
    );
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 4\d\d [^]*application\/problem\+json/);
  });

  it('has headers of 16 KiB at most', async () => {
    const answer = await api
      .http()
      .get('/v1/config')
      .set('x-large', 'x'.repeat(17 * 1024))
      .expect(400);
    expect(answer.body.code).toBe('VALIDATION_FAILED');
  });
});

describe('What a sign-up page needs', () => {
  it('is answered by /v1/config', async () => {
    expect((await api.http().get('/v1/config').expect(200)).body).toEqual({
      enableMobileRegister: true,
      codeLength: 6,
      cooldownSeconds: 60,
      purposes: ['register', 'login', 'reset_password', 'bind_phone'],
      allowedCountries: [],
    });
  });
});
