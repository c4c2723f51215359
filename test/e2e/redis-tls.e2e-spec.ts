import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StoreUnavailableError } from '@app/sms';
import { SmsStorage } from '@app/sms/internals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { freePort } from '../../scripts/redis.mjs';
import { apiEnvironment, codeFor, startApi, wrongCode } from '../support/api.js';
import { makeCertificate } from '../support/certificates.js';
import { ApiProcess } from '../support/process.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { userOfReadme } from '../support/redis-user.js';
import { newPhone, temporaryFolder } from '../support/stores.js';

let simulator: TwilioSimulator;
let folder: string;
let certificate: string;
/** Of a server whose certificate is made out to `localhost`. */
let tls: string[];
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  folder = await temporaryFolder();
  const made = await makeCertificate(folder, 'localhost');
  certificate = made.certificate;
  tls = ['--tls-cert-file', made.certificate, '--tls-key-file', made.key];
  tls.push('--tls-ca-cert-file', made.certificate, '--tls-auth-clients', 'no');
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** An API in a process of its own, whose operator trusts the certificate. */
async function withTrust(redis: string, use: (api: ApiProcess) => Promise<void>): Promise<void> {
  const environment = await apiEnvironment(simulator, 'redis', {
    REDIS_URL: redis,
    NODE_EXTRA_CA_CERTS: certificate,
    LOG_LEVEL: 'info',
  });
  const api = await ApiProcess.start(environment, folder);
  try {
    await use(api);
  } finally {
    await api.stop();
  }
}

/** An API in this process, which does not know the certificate, asks for a code. @returns the fault of the store */
async function faultWithoutTrust(redis: string): Promise<string> {
  const api = await startApi(simulator, 'redis', { REDIS_URL: redis });
  try {
    const asked = simulator.requests.length;
    expect((await api.send(newPhone()).expect(503)).body.code).toBe('STORE_UNAVAILABLE');
    expect(simulator.requests.length).toBe(asked);
    const error: unknown = await api.app
      .get<SmsStorage>(SmsStorage)
      .check()
      .catch((thrown: unknown) => thrown);
    return (error as StoreUnavailableError).fault;
  } finally {
    await api.close();
  }
}

describe('Redis with TLS', () => {
  let server: RedisServer;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    server = await RedisServer.start(['--tls-port', `${port}`, ...tls]);
  });
  afterAll(() => server.stop());

  it('serves an API that trusts its certificate', async () => {
    await withTrust(`rediss://localhost:${port}`, async (api) => {
      const phone = newPhone();
      const { status, body } = await api.send(phone);
      expect(status).toBe(201);
      const code = codeFor(simulator, phone);
      expect(await api.check(String(body.id), wrongCode(code))).toMatchObject({ status: 422 });
      expect(await api.check(String(body.id), code)).toMatchObject({ status: 200 });
      expect(await api.send(phone)).toMatchObject({ status: 429 });
    });
  });

  it('is not used with a certificate of another host, and nothing is sent', async () => {
    await withTrust(`rediss://127.0.0.1:${port}`, async (api) => {
      const asked = simulator.requests.length;
      expect(await api.send(newPhone())).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
      expect(simulator.requests.length).toBe(asked);
      expect(api.output()).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    });
  });

  it('is not used with a certificate that nobody vouches for, and nothing is sent', async () => {
    expect(await faultWithoutTrust(`rediss://localhost:${port}`)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('is not used with such a certificate either where the environment switches checks off', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await faultWithoutTrust(`rediss://localhost:${port}`)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });
});

describe('A Redis Cluster with TLS and users, whose nodes are known by name', () => {
  let cluster: RedisCluster;
  let url: string;
  beforeAll(async () => {
    const { name, password, rules } = userOfReadme();
    const byName = [
      '--cluster-announce-hostname',
      'localhost',
      '--cluster-preferred-endpoint-type',
      'hostname',
    ];
    cluster = await RedisCluster.start({ password: `admin-${password}`, tls, settings: byName });
    for (const client of cluster.clients) await client.call('ACL', 'SETUSER', name, ...rules);
    const node = `rediss://${name}:${password}@localhost:${cluster.ports[0]}`;
    url = `${node},${node}`;
  });
  afterAll(() => cluster.stop());

  it('serves an API that was given one of them, twice, and trusts their certificates', async () => {
    await withTrust(url, async (api) => {
      // So many that each node has a part in it.
      const sends = await Promise.all(Array.from({ length: 20 }, () => api.send(newPhone())));
      expect(new Set(sends.map(({ status }) => status))).toEqual(new Set([201]));
    });
  });

  it('is not used without trust in its certificates, and nothing is sent', async () => {
    expect(await faultWithoutTrust(url)).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});
