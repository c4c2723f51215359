import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { CheckVerificationDto, StartVerificationDto } from './verification.dto.js';
import {
  VerificationService,
  type ApprovedVerification,
  type StartedVerification,
  type VerificationView,
} from './verification.service.js';

@Controller('v1/verifications')
export class VerificationController {
  constructor(private readonly verifications: VerificationService) {}

  @Post()
  start(@Body() { phone, purpose = 'register' }: StartVerificationDto): Promise<StartedVerification> {
    return this.verifications.start(phone, purpose);
  }

  @Post(':id/check')
  @HttpCode(HttpStatus.OK)
  check(@Param('id') id: string, @Body() { code }: CheckVerificationDto): Promise<ApprovedVerification> {
    return this.verifications.check(id, code);
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<VerificationView> {
    return this.verifications.find(id);
  }
}
