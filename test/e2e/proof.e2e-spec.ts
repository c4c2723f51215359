import { createSecretKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor, startApi, type RunningApi } from '../support/api.js';
import { newPhone, temporaryFolder, TEST_SECRET } from '../support/stores.js';

const NEXT_SECRET = 'the-next-secret-of-the-tests-has-32-bytes-too';

let simulator: TwilioSimulator;
let api: RunningApi;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  api = await startApi(simulator, 'embedded', { SERVER_SMS_COOLDOWN_SECONDS: '0' });
});
afterAll(async () => {
  await api.close();
  await simulator.close();
});

async function verified(
  by: RunningApi,
  purpose = 'login',
): Promise<{ phone: string; id: string; token: string }> {
  const phone = newPhone();
  const { id } = (await by.send(phone, { purpose }).expect(201)).body;
  const { token } = (await by.check(id, codeFor(simulator, phone)).expect(200)).body;
  return { phone, id, token };
}

/** The keys of an API as another service fetches them. */
async function keysOf(of: RunningApi): Promise<ReturnType<typeof createRemoteJWKSet>> {
  return createRemoteJWKSet(new URL('/.well-known/jwks.json', await of.app.getUrl()));
}

describe('The token of an approved verification', () => {
  it('proves phone, purpose and id to another service for 10 minutes', async () => {
    const { phone, id, token } = await verified(api, 'bind_phone');
    const { payload, protectedHeader } = await jwtVerify(token, await keysOf(api), { algorithms: ['EdDSA'] });
    expect(payload).toMatchObject({ sub: phone, purpose: 'bind_phone', jti: id });
    expect(payload.exp! - payload.iat!).toBe(600);
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'JWT', kid: expect.any(String) });
  });

  it('is refused after any change of one byte', async () => {
    const { token } = await verified(api);
    const keys = await keysOf(api);
    const [header, payload, signature] = token.split('.');
    const changed = (text: string): string => text.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    for (const forged of [
      [changed(header), payload, signature],
      [header, changed(payload), signature],
      [header, payload, changed(signature)],
    ]) {
      await expect(jwtVerify(forged.join('.'), keys)).rejects.toThrow();
    }
  });

  it('is refused when it has expired', async () => {
    const { token } = await verified(api);
    const later = new Date(Date.now() + 600_000);
    await expect(jwtVerify(token, await keysOf(api), { currentDate: later })).rejects.toThrow('exp');
  });

  it('says what it is for, so that it cannot be used for another purpose', async () => {
    const { token } = await verified(api, 'login');
    const { payload } = await jwtVerify(token, await keysOf(api));
    expect(payload.purpose).toBe('login');
  });

  it('cannot be forged with the published key as a shared secret', async () => {
    const keys = await keysOf(api);
    const { keys: published } = (await api.http().get('/.well-known/jwks.json')).body;
    const forged = await new SignJWT({ purpose: 'login' })
      .setProtectedHeader({ alg: 'HS256', kid: published[0].kid })
      .setExpirationTime('10m')
      .sign(createSecretKey(Buffer.from(JSON.stringify(published[0]))));
    await expect(jwtVerify(forged, keys)).rejects.toThrow();
  });
});

describe('The published keys', () => {
  it('are public halves only', async () => {
    const { keys } = (await api.http().get('/.well-known/jwks.json').expect(200)).body;
    expect(keys).toEqual([
      {
        kty: 'OKP',
        crv: 'Ed25519',
        x: expect.any(String),
        kid: expect.any(String),
        alg: 'EdDSA',
        use: 'sig',
      },
    ]);
  });

  it('are the same for all instances, and stay valid through a rotation of the secret', async () => {
    const { token } = await verified(api);
    const rotated = await startApi(simulator, 'embedded', { SERVER_SECRET: `${NEXT_SECRET},${TEST_SECRET}` });
    try {
      const keys = await keysOf(rotated);
      await expect(jwtVerify(token, keys)).resolves.toBeDefined();
      const next = await verified(rotated);
      await expect(jwtVerify(next.token, keys)).resolves.toBeDefined();
      expect(decodeProtectedHeader(next.token).kid).not.toBe(decodeProtectedHeader(token).kid);
      expect(decodeJwt(next.token).sub).toBe(next.phone);
    } finally {
      await rotated.close();
    }
  });
});

describe('A rotation of the secret', () => {
  it('loses no limit and no code, twice inside one cooldown', async () => {
    const phone = newPhone();
    const secrets = [TEST_SECRET, NEXT_SECRET, 'the-third-secret-of-the-tests-has-32-bytes-too'];
    const folder = { DATA_PATH: await temporaryFolder() };
    const first = await startApi(simulator, 'embedded', { ...folder, SERVER_SECRET: secrets[0] });
    const { id } = (await first.send(phone).expect(201)).body;
    await first.close();
    for (const [next, former] of [
      [secrets[1], secrets[0]],
      [secrets[2], secrets[1]],
    ]) {
      const rotated = await startApi(simulator, 'embedded', {
        ...folder,
        SERVER_SECRET: `${next},${former}`,
      });
      await rotated.send(phone).expect(429);
      await rotated.close();
    }
    const last = await startApi(simulator, 'embedded', { ...folder, SERVER_SECRET: secrets[2] });
    await last.check(id, codeFor(simulator, phone)).expect(200);
    await last.close();
  });
});
