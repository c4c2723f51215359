import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Callers } from '../caller/callers.js';
import { ApiAnswer, ApiProblems } from '../docs/api-answer.decorators.js';
import { ApiKeyIfSet, ApiClientAddress, ApiIdempotencyKey } from '../docs/api-caller.decorators.js';
import { ApiOperation, ApiParam, ApiTags } from '../docs/swagger.decorators.js';
import { readIdempotencyKey } from '../idempotency/idempotency-key.js';
import { CheckingService } from './checking.service.js';
import { SendingService } from './sending.service.js';
import {
  ApprovedVerification,
  CheckVerificationDto,
  StartedVerification,
  StartVerificationDto,
  VERIFICATION_ID,
  VerificationView,
} from './verification.dto.js';

@ApiTags('Verification')
@ApiKeyIfSet()
@Controller('v1/verifications')
export class VerificationController {
  constructor(
    private readonly sending: SendingService,
    private readonly checking: CheckingService,
    private readonly callers: Callers,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'startVerification',
    summary: 'Send a code to a phone',
    description:
      'Checks the form of the request, the switch of registration, the number, then the limits. When several limits refuse, the one with the longest wait answers. A refusal changes nothing: an earlier code still works.',
  })
  @ApiClientAddress()
  @ApiIdempotencyKey()
  @ApiAnswer(201, StartedVerification, 'The SMS provider accepted the message.')
  @ApiProblems(
    'VALIDATION_FAILED',
    'PHONE_FORMAT_ERROR',
    'UNAUTHORIZED',
    'MOBILE_REGISTER_DISABLED',
    'PAYLOAD_TOO_LARGE',
    'IDEMPOTENCY_KEY_IN_USE',
    'UNSUPPORTED_MEDIA_TYPE',
    'IDEMPOTENCY_KEY_REUSED',
    'PHONE_NOT_ALLOWED',
    'SMS_SEND_FAILED',
    'SMS_SEND_TOO_FREQUENTLY',
    'TODAY_SMS_LIMIT_REACHED',
    'SMS_CHECK_TOO_FREQUENTLY',
    'SMS_CONNECTION_FAILED',
    'STORE_UNAVAILABLE',
    'SERVER_BUSY',
  )
  start(
    @Body() { phone, purpose = 'register' }: StartVerificationDto,
    @Req() request: FastifyRequest,
  ): Promise<StartedVerification> {
    const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
    return this.sending.start({ phone, purpose, idempotencyKey }, this.callers.of(request));
  }

  @Post(':id/check')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    operationId: 'checkVerification',
    summary: 'Check the code that a person entered',
    description:
      'A code is accepted once. Problems in this order: 400, 404, 410, 429, 422. Only an answer 422 costs a guess.',
  })
  @ApiParam({ name: 'id', ...VERIFICATION_ID })
  @ApiClientAddress()
  @ApiAnswer(200, ApprovedVerification, 'The code was right.')
  @ApiProblems(
    'VALIDATION_FAILED',
    'UNAUTHORIZED',
    'VERIFICATION_NOT_FOUND',
    'SMS_CODE_EXPIRED',
    'PAYLOAD_TOO_LARGE',
    'UNSUPPORTED_MEDIA_TYPE',
    'SMS_CODE_ERROR',
    'SMS_CHECK_TOO_FREQUENTLY',
    'STORE_UNAVAILABLE',
  )
  check(
    @Param('id') id: string,
    @Body() { code }: CheckVerificationDto,
    @Req() request: FastifyRequest,
  ): Promise<ApprovedVerification> {
    return this.checking.check(id, code, this.callers.of(request));
  }

  @Get(':id')
  @ApiOperation({ operationId: 'findVerification', summary: 'What became of a verification' })
  @ApiParam({ name: 'id', ...VERIFICATION_ID })
  @ApiAnswer(200, VerificationView, 'Its status and delivery, without the code and the full number.')
  @ApiProblems('UNAUTHORIZED', 'VERIFICATION_NOT_FOUND', 'STORE_UNAVAILABLE')
  find(@Param('id') id: string, @Req() request: FastifyRequest): Promise<VerificationView> {
    return this.checking.find(id, request.id);
  }
}
