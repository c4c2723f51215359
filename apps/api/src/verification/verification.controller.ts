import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Callers } from '../caller/callers.js';
import { readIdempotencyKey } from '../idempotency/idempotency-key.js';
import { CheckVerificationDto, StartVerificationDto } from './verification.dto.js';
import {
  VerificationService,
  type ApprovedVerification,
  type StartedVerification,
  type VerificationView,
} from './verification.service.js';

@Controller('v1/verifications')
export class VerificationController {
  constructor(
    private readonly verifications: VerificationService,
    private readonly callers: Callers,
  ) {}

  @Post()
  start(
    @Body() { phone, purpose = 'register' }: StartVerificationDto,
    @Req() request: FastifyRequest,
  ): Promise<StartedVerification> {
    const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
    return this.verifications.start({ phone, purpose, idempotencyKey }, this.callers.of(request));
  }

  @Post(':id/check')
  @HttpCode(HttpStatus.OK)
  check(
    @Param('id') id: string,
    @Body() { code }: CheckVerificationDto,
    @Req() request: FastifyRequest,
  ): Promise<ApprovedVerification> {
    return this.verifications.check(id, code, this.callers.of(request));
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<VerificationView> {
    return this.verifications.find(id);
  }
}
