import { Controller, Get } from '@nestjs/common';
import { SystemParameters } from '../config/system-parameters.js';
import { ApiAnswer, ApiProblems } from '../docs/api-answer.decorators.js';
import { ApiKeyIfSet } from '../docs/api-caller.decorators.js';
import { ApiOperation, ApiProperty, ApiTags } from '../docs/swagger.decorators.js';
import { PURPOSES, type Purpose } from './purpose.js';

/** What a sign-up page needs to know. */
export class SignUpConfig {
  @ApiProperty({ description: 'Whether the purposes register and reset_password are served.', example: true })
  readonly enableMobileRegister: boolean;

  @ApiProperty({ description: 'Digits of a code.', type: 'integer', minimum: 4, maximum: 10, example: 6 })
  readonly codeLength: number;

  @ApiProperty({
    description: 'Seconds between two codes to one phone.',
    type: 'integer',
    minimum: 0,
    example: 60,
  })
  readonly cooldownSeconds: number;

  @ApiProperty({ description: 'What codes can be for.', enum: PURPOSES, enumName: 'Purpose', isArray: true })
  readonly purposes: readonly Purpose[];

  @ApiProperty({ description: 'ISO 3166 codes; empty means all.', type: [String], example: ['US', 'GB'] })
  readonly allowedCountries: readonly string[];
}

@ApiTags('Verification')
@ApiKeyIfSet()
@Controller('v1/config')
export class SignUpConfigController {
  constructor(private readonly parameters: SystemParameters) {}

  @Get()
  @ApiOperation({ operationId: 'getConfig', summary: 'What a sign-up page needs to know' })
  @ApiAnswer(200, SignUpConfig, 'The settings that matter to a page.')
  @ApiProblems('UNAUTHORIZED')
  get(): SignUpConfig {
    return {
      enableMobileRegister: this.parameters.serverEnableMobileRegister,
      codeLength: this.parameters.serverSmsCodeLength,
      cooldownSeconds: this.parameters.serverSmsCooldownSeconds,
      purposes: PURPOSES,
      allowedCountries: this.parameters.serverSmsAllowedCountries,
    };
  }
}
