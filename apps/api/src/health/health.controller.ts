import { Controller, Get, Inject } from '@nestjs/common';
import { SmsStorage } from '@app/sms';

interface Health {
  readonly status: 'ok';
}

/** Probes. They send nothing, and tell nothing but whether. */
@Controller()
export class HealthController {
  constructor(@Inject(SmsStorage) private readonly storage: SmsStorage) {}

  /** The process runs. It depends on nothing else. */
  @Get('livez')
  live(): Health {
    return { status: 'ok' };
  }

  /** The store answers, so that codes can be sent and checked. @throws StoreUnavailableError */
  @Get('readyz')
  async ready(): Promise<Health> {
    await this.storage.check();
    return { status: 'ok' };
  }
}
