import { Body, Controller, HttpCode, HttpStatus, Post, Query, UseGuards } from '@nestjs/common';
import { SystemParameters } from '../config/system-parameters.js';
import { Deliveries, STATUS_CALLBACK_PATH } from '../verification/deliveries.js';
import { readStatusCallback } from './status-callback.js';
import { TwilioSignatureGuard } from './twilio-signature.guard.js';

@Controller(STATUS_CALLBACK_PATH)
@UseGuards(TwilioSignatureGuard)
export class StatusCallbackController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly parameters: SystemParameters,
  ) {}

  /** What Twilio says of a message. What we do not know is left alone, and answered the same. */
  @Post()
  @HttpCode(HttpStatus.NO_CONTENT)
  async report(@Body() form: string, @Query('id') sealedId: unknown): Promise<void> {
    const callback = readStatusCallback(form);
    if (!callback || callback.accountSid !== this.parameters.twilioSmsAccountSid) return;
    if (typeof sealedId === 'string') await this.deliveries.report(sealedId, callback.report);
  }
}
