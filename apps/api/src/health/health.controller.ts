import { Controller, Get, Inject } from '@nestjs/common';
import { ServerBusyError, SmsService } from '@app/sms';
import { SmsStorage } from '@app/sms/internals';
import { ApiAnswer, ApiProblems } from '../docs/api-answer.decorators.js';
import { ApiOperation, ApiProperty, ApiTags } from '../docs/swagger.decorators.js';

/** A probe succeeded. */
export class Health {
  @ApiProperty({ enum: ['ok'] })
  readonly status: 'ok';
}

/** Probes. They send nothing, and tell nothing but whether. */
@ApiTags('Operation')
@Controller()
export class HealthController {
  constructor(
    @Inject(SmsStorage) private readonly storage: SmsStorage,
    private readonly sms: SmsService,
  ) {}

  /** The process runs. It depends on nothing else. */
  @Get('livez')
  @ApiOperation({ operationId: 'getLiveness', summary: 'Whether the process runs' })
  @ApiAnswer(200, Health, 'It runs. It depends on nothing else.')
  @ApiProblems()
  live(): Health {
    return { status: 'ok' };
  }

  /**
   * The store answers, so that codes can be sent and checked.
   * @throws StoreUnavailableError
   * @throws ServerBusyError when the process is about to end
   */
  @Get('readyz')
  @ApiOperation({ operationId: 'getReadiness', summary: 'Whether codes can be sent and checked' })
  @ApiAnswer(200, Health, 'The store answers.')
  @ApiProblems('STORE_UNAVAILABLE', 'SERVER_BUSY')
  async ready(): Promise<Health> {
    if (this.sms.isClosing) throw new ServerBusyError();
    await this.storage.check();
    return { status: 'ok' };
  }
}
