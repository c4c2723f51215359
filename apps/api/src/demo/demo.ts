import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Secret } from '@app/sms';
import { controlRoutes, inboxRoutes, pageAssets, TwilioSimulator } from '@app/twilio-simulator';
import type { SystemParameters } from '../config/system-parameters.js';
import { pageLinks } from './page-links.js';
import { playgroundRoutes } from './playground/playground.routes.js';

/** A message is delivered after four steps: soon, and slowly enough to be watched. */
const STEP_MS = 700;
/** What an empty inbox says to begin with. */
const SEND_EXAMPLE = { path: '/v1/verifications', body: { phone: '+12025550123' } };

/** Without credentials the API sends to a simulator of Twilio, through the same path as to Twilio itself. */
export class Demo {
  private constructor(readonly simulator: TwilioSimulator) {}

  /** What the simulator received is kept beside the embedded store, if that is used; else in memory. */
  static async start({ dataPath, redisUrl }: SystemParameters): Promise<Demo> {
    const folder = redisUrl ? undefined : join(dataPath, 'simulator');
    return new Demo(await TwilioSimulator.start({ delivery: { stepMs: STEP_MS }, folder }));
  }

  /** The parameters, pointed at the simulator, which reports deliveries to this API. */
  parameters(parameters: SystemParameters): SystemParameters {
    const { url, accountSid, authToken, phoneNumber } = this.simulator;
    return Object.assign(
      Object.create(Object.getPrototypeOf(parameters) as object) as SystemParameters,
      parameters,
      {
        twilioSmsAccountSid: accountSid,
        twilioSmsAuthToken: [new Secret(authToken)],
        twilioSmsPhoneNumber: phoneNumber,
        twilioSmsBaseUrl: url,
        serverPublicUrl: parameters.serverPublicUrl ?? ownOrigin(parameters),
      },
    );
  }

  /** The playground, and what the simulator received, beside the API. */
  async addPages(app: NestFastifyApplication, parameters: SystemParameters): Promise<void> {
    const { host } = parameters;
    const asksForApiKey = parameters.serverApiKey.length > 0;
    await app.register(pageAssets());
    await app.register(controlRoutes(this.simulator, host));
    await app.register(
      inboxRoutes(this.simulator.inbox, {
        host,
        links: () => pageLinks(app.getHttpAdapter().getInstance()),
        sendExample: { ...SEND_EXAMPLE, ...(asksForApiKey && { authorization: 'Bearer YOUR_KEY' }) },
      }),
    );
    await app.register(
      playgroundRoutes({
        host,
        countries: parameters.serverSmsAllowedCountries,
        asksForApiKey,
        codeLength: parameters.serverSmsCodeLength,
      }),
    );
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onClose', () => this.simulator.close());
  }
}

const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Where the simulator, on this machine, reaches the API; unknown while the port is yet to be found. */
function ownOrigin({ host, port }: SystemParameters): string | undefined {
  if (port === 0) return undefined;
  const address = EVERY_ADDRESS[host] ?? host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
