import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { rm } from 'node:fs/promises';
import request from 'supertest';
import type { TwilioSimulator } from '@app/twilio-simulator';
import { loadParameters } from '../../apps/api/src/config/load-parameters.js';
import { createApp } from '../../apps/api/src/create-app.js';
import { DescribedAnswers } from './described-answers.js';
import { redisUrl, temporaryFolder, TEST_SECRET } from './stores.js';

export type StoreKind = 'redis' | 'embedded';
export const STORES: readonly StoreKind[] = ['redis', 'embedded'];

export interface RunningApi {
  readonly app: NestFastifyApplication;
  /** `POST /v1/verifications` */
  send(phone: string, body?: object): request.Test;
  /** `POST /v1/verifications/{id}/check` */
  check(id: string, code: string): request.Test;
  http(): ReturnType<typeof request>;
  close(): Promise<void>;
}

/** The environment of an API that sends to a simulator and keeps its limits in the store of that kind. */
export async function apiEnvironment(
  simulator: TwilioSimulator,
  store: StoreKind,
  overrides: Record<string, string> = {},
): Promise<Record<string, string>> {
  return {
    TWILIO_SMS_ACCOUNT_SID: simulator.accountSid,
    TWILIO_SMS_AUTH_TOKEN: simulator.authToken,
    TWILIO_SMS_PHONE_NUMBER: simulator.phoneNumber,
    TWILIO_SMS_BASE_URL: simulator.url,
    SERVER_ENABLE_MOBILE_REGISTER: 'true',
    SERVER_SECRET: TEST_SECRET,
    // All tests call from one address.
    SERVER_SMS_MAX_SENDS_PER_SOURCE: '1000000',
    SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: '1000000',
    LOG_LEVEL: 'silent',
    ...(store === 'redis' ? { REDIS_URL: redisUrl() } : { DATA_PATH: await temporaryFolder() }),
    ...overrides,
  };
}

/** The API in this process, over real HTTP. An answer that its description does not allow fails the test. */
export async function startApi(
  simulator: TwilioSimulator,
  store: StoreKind,
  overrides: Record<string, string> = {},
): Promise<RunningApi> {
  const environment = await apiEnvironment(simulator, store, overrides);
  const { parameters } = loadParameters({ environment, envFile: '/nonexistent/.env' });
  const app = await createApp(parameters);
  DescribedAnswers.watch(app);
  await app.listen(overrides.PORT ? parameters.port : 0, '127.0.0.1');
  const http = (): ReturnType<typeof request> => request(app.getHttpServer());
  return {
    app,
    http,
    send: (phone, body = {}) =>
      http()
        .post('/v1/verifications')
        .send({ phone, ...body }),
    check: (id, code) => http().post(`/v1/verifications/${id}/check`).send({ code }),
    close: async () => {
      await app.close();
      if (environment.DATA_PATH && !overrides.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
    },
  };
}

/** The code that was sent last to a phone. */
export function codeFor(simulator: TwilioSimulator, phone: string): string {
  const code = simulator.inbox.latest(phone)?.code;
  if (!code) throw new Error('no code was sent to this phone');
  return code;
}

/** A code that differs from this one. */
export function wrongCode(code: string): string {
  return code.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
}
