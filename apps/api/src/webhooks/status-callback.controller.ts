import { Body, Controller, HttpCode, HttpStatus, Post, Query, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { SystemParameters } from '../config/system-parameters.js';
import { ApiAnswer, ApiProblems } from '../docs/api-answer.decorators.js';
import {
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '../docs/swagger.decorators.js';
import { Deliveries, STATUS_CALLBACK_PATH } from '../verification/deliveries.js';
import { readStatusCallback } from './status-callback.js';
import { TwilioSignatureGuard } from './twilio-signature.guard.js';

/** The fields that we read, of many. */
const FORM = {
  type: 'object',
  properties: {
    AccountSid: { type: 'string', example: `AC${'0'.repeat(32)}` },
    MessageStatus: { type: 'string', example: 'undelivered' },
    ErrorCode: { type: 'string', example: '30003' },
  },
} as const;

@ApiTags('Webhooks')
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
  @ApiOperation({
    operationId: 'reportDelivery',
    summary: 'What became of a message',
    description: 'For Twilio alone, which signs its requests. It is there when server.public_url is set.',
  })
  @ApiHeader({
    name: 'X-Twilio-Signature',
    description: 'Over the address and the form, with the auth token of the account.',
    required: true,
    schema: { type: 'string' },
  })
  @ApiQuery({ name: 'id', description: 'Which send it is about, sealed.', required: false, type: String })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: FORM })
  @ApiAnswer(204, undefined, 'It was noted, or says nothing that we know.')
  @ApiProblems(
    'VALIDATION_FAILED',
    'FORBIDDEN',
    'PAYLOAD_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'STORE_UNAVAILABLE',
  )
  async report(
    @Body() form: string,
    @Query('id') sealedId: unknown,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const callback = readStatusCallback(form);
    if (!callback || callback.accountSid !== this.parameters.twilioSmsAccountSid) return;
    if (typeof sealedId === 'string') await this.deliveries.report(sealedId, callback.report, request.id);
  }
}
