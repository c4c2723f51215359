import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Secret } from '@app/sms';
import { inboxRoutes, TwilioSimulator } from '@app/twilio-simulator';
import type { SystemParameters } from '../config/system-parameters.js';

/** Without credentials the API sends to a simulator of Twilio, through the same path as to Twilio itself. */
export class Demo {
  private constructor(private readonly simulator: TwilioSimulator) {}

  static async start(): Promise<Demo> {
    return new Demo(await TwilioSimulator.start());
  }

  /** The parameters, pointed at the simulator. */
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
      },
    );
  }

  /** Shows what the simulator received, beside the API. */
  async addInbox(app: NestFastifyApplication, host: string): Promise<void> {
    await app.register(inboxRoutes(this.simulator.inbox, { host }));
    app.getHttpServer().once('close', () => void this.simulator.close());
  }
}
