import { rm } from 'node:fs/promises';
import type { LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { SmsModule, SmsService, type SmsModuleOptions, type SmsObserver } from '@app/sms';
import type { TwilioSimulator } from '@app/twilio-simulator';
import { temporaryFolder, TEST_SECRET } from './stores.js';

/** A code as a host app makes one. */
export const CODE = '483915';

/** A log whose errors can be looked at. */
export class LoggedErrors implements LoggerService {
  readonly errors: unknown[] = [];
  log(): void {}
  warn(): void {}
  error(message: unknown): void {
    this.errors.push(message);
  }
}

export interface SmsHostOptions extends Pick<ModuleMetadata, 'imports' | 'providers'> {
  readonly twilio?: Partial<SmsModuleOptions['twilio']>;
  /** @default the embedded store, in a folder of its own */
  readonly redisUrl?: string;
  readonly observer?: SmsObserver;
}

/** An app of somebody else that has SmsModule, with the simulator as its Twilio. */
export class SmsHost {
  private constructor(
    readonly app: TestingModule,
    readonly logger: LoggedErrors,
    private readonly folder: string,
  ) {}

  static async start(simulator: TwilioSimulator, options: SmsHostOptions = {}): Promise<SmsHost> {
    const { twilio, redisUrl, observer, imports = [], providers = [] } = options;
    const { accountSid, authToken, phoneNumber, url: baseUrl } = simulator;
    const folder = await temporaryFolder();
    const logger = new LoggedErrors();
    const sms = SmsModule.forRoot({
      twilio: { accountSid, authToken, phoneNumber, baseUrl, ...twilio },
      storage: { secret: TEST_SECRET, folder, redisUrl },
      observer,
    });
    const testing = await Test.createTestingModule({ imports: [sms, ...imports], providers })
      .setLogger(logger)
      .compile();
    return new SmsHost(await testing.init(), logger, folder);
  }

  get sms(): SmsService {
    return this.app.get(SmsService);
  }

  /** @returns `sent`, or the code of the error */
  send(phone: string): Promise<string> {
    return this.sms.sendVerificationCodeSms(phone, CODE).then(
      () => 'sent',
      ({ code }: { code: string }) => code,
    );
  }

  async close(): Promise<void> {
    await this.app.close();
    await rm(this.folder, { recursive: true });
  }
}
