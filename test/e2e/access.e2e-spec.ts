import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { startApi, type RunningApi } from '../support/api.js';
import { newPhone } from '../support/stores.js';

const NEW_KEY = 'the-new-key-of-a-back-end-0123456789';
const OLD_KEY = 'the-old-key-of-a-back-end-0123456789';
const PAGE = 'https://app.example.com';

let simulator: TwilioSimulator;
let api: RunningApi;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());
afterEach(() => api.close());

describe('With server.api_key', () => {
  const start = async (): Promise<void> => {
    api = await startApi(simulator, 'embedded', { SERVER_API_KEY: `${NEW_KEY},${OLD_KEY}` });
  };
  const send = (authorization?: string) => {
    const request = api.send(newPhone());
    return authorization === undefined ? request : request.set('authorization', authorization);
  };

  it('both keys of a rotation are admitted', async () => {
    await start();
    await send(`Bearer ${NEW_KEY}`).expect(201);
    await send(`bearer ${OLD_KEY}`).expect(201);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${NEW_KEY}`,
    NEW_KEY,
    `Bearer ${NEW_KEY}x`,
    `Bearer ${NEW_KEY},${OLD_KEY}`,
  ])('nobody else is, and nothing is looked at (%s)', async (authorization) => {
    await start();
    const before = simulator.requests.length;
    const answer = await send(authorization).expect(401);
    expect(answer.body).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(simulator.requests.length).toBe(before);
  });

  it('every address of /v1 asks for it, before it reads a body or says whether it exists', async () => {
    await start();
    for (const path of ['/v1/config', '/v1/nope', '/v1', '/v1?x', `/v1/verifications/${'A'.repeat(44)}`]) {
      await api.http().get(path).expect(401);
    }
    await api.http().post('/v1/verifications').set('content-type', 'application/json').send('{').expect(401);
  });

  it('no spelling of an address gets around it', async () => {
    await start();
    for (const path of [
      '/%76%31/config',
      '/v1%2fconfig',
      '//v1/config',
      '/V1/config',
      '/./v1/config',
      '/v1/config/',
      '/v1;x/config',
    ]) {
      const { status } = await api.http().get(path);
      expect([401, 404]).toContain(status);
    }
    const phone = newPhone();
    await api.http().post('/%761/verifications').send({ phone }).expect(401);
  });

  it('probes and public keys do not', async () => {
    await start();
    for (const path of ['/livez', '/readyz', '/.well-known/jwks.json'])
      await api.http().get(path).expect(200);
  });
});

describe('Browsers', () => {
  const preflight = (origin: string) =>
    api.http().options('/v1/verifications').set({
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    });

  it('of other origins may not call by default', async () => {
    api = await startApi(simulator, 'embedded');
    const answer = await api.http().get('/v1/config').set('origin', PAGE).expect(200);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect((await preflight(PAGE)).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('of server.cors_origins may call, and read how long to wait; others may not', async () => {
    api = await startApi(simulator, 'embedded', { SERVER_CORS_ORIGINS: PAGE, SERVER_API_KEY: NEW_KEY });
    const allowed = await preflight(PAGE).expect(204);
    expect(allowed.headers['access-control-allow-origin']).toBe(PAGE);
    expect(allowed.headers['access-control-allow-methods']).toContain('POST');
    const answer = await api
      .http()
      .get('/v1/config')
      .set({ origin: PAGE, authorization: `Bearer ${NEW_KEY}` });
    expect(answer.headers['access-control-allow-origin']).toBe(PAGE);
    expect(answer.headers['access-control-expose-headers']).toContain('retry-after');
    const refused = await api.http().get('/v1/config').set({ origin: PAGE }).expect(401);
    expect(refused.headers['access-control-allow-origin']).toBe(PAGE); // so that the page can read why
    expect((await preflight('https://evil.example.com')).headers['access-control-allow-origin']).not.toBe(
      'https://evil.example.com',
    );
  });

  it('may do nothing with an answer but read it', async () => {
    api = await startApi(simulator, 'embedded');
    for (const path of ['/v1/config', '/nope', '/%zz']) {
      expect((await api.http().get(path)).headers).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringContaining('max-age='),
      });
    }
  });
});

describe('With server.sms_allowed_countries', () => {
  it.each([
    ['+12025550123', 201], // US
    ['+447400123456', 201], // GB
    ['+447911123456', 422], // Guernsey, which shares +44
    ['+18765550123', 422], // Jamaica, which shares +1
    ['+8613800138000', 422], // CN
    ['+1234567890', 422], // of no country that the metadata knows
    ['+15005550006', 201], // Twilio's test number
  ])('a code to %s is answered %i, and a refusal counts nothing', async (phone, status) => {
    api = await startApi(simulator, 'embedded', { SERVER_SMS_ALLOWED_COUNTRIES: 'US,GB' });
    const before = simulator.requests.length;
    const answer = await api.send(phone).expect(status);
    if (status === 422) {
      expect(answer.body.code).toBe('PHONE_NOT_ALLOWED');
      expect(simulator.requests.length).toBe(before);
    }
    expect((await api.http().get('/v1/config')).body.allowedCountries).toEqual(['US', 'GB']);
  });
});
