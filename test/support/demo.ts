import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { loadParameters } from '../../apps/api/src/config/load-parameters.js';
import { createApp } from '../../apps/api/src/create-app.js';
import { Demo } from '../../apps/api/src/demo/demo.js';
import { temporaryFolder } from './stores.js';
import type { TwilioSimulator } from '@app/twilio-simulator';

const HOST = '127.0.0.1';

/** What is there in demo mode, and nowhere else. */
export const DEMO_ADDRESSES = [
  '/',
  '/playground/playground.js',
  '/pages/pages.css',
  '/inbox',
  '/inbox/messages',
  '/pages/inbox.js',
  '/simulator/faults',
];

export interface RunningDemo {
  readonly url: string;
  readonly simulator: TwilioSimulator;
  close(): Promise<void>;
}

/** The API in demo mode, in this process, as `npm start` starts it without credentials. */
export async function startDemo(overrides: Record<string, string> = {}): Promise<RunningDemo> {
  const folder = await temporaryFolder();
  const environment = {
    DATA_PATH: folder,
    PORT: String(await freePort()),
    LOG_LEVEL: 'silent',
    SERVER_SMS_MAX_SENDS_PER_SOURCE: '1000000',
    ...overrides,
  };
  const { parameters } = loadParameters({ environment, envFile: '/nonexistent/.env' });
  const demo = await Demo.start(parameters);
  const app = await createApp(demo.parameters(parameters));
  await demo.addPages(app, parameters);
  await app.listen(parameters.port, HOST);
  return {
    url: await app.getUrl(),
    simulator: demo.simulator,
    close: async () => {
      await app.close();
      await rm(folder, { recursive: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
