import { Controller, Get } from '@nestjs/common';
import { SystemParameters } from '../config/system-parameters.js';
import { PURPOSES, type Purpose } from './purpose.js';

/** What a sign-up page needs to know. */
export interface SignUpConfig {
  readonly enableMobileRegister: boolean;
  readonly codeLength: number;
  readonly cooldownSeconds: number;
  readonly purposes: readonly Purpose[];
  /** ISO 3166 codes; empty means all. */
  readonly allowedCountries: readonly string[];
}

@Controller('v1/config')
export class SignUpConfigController {
  constructor(private readonly parameters: SystemParameters) {}

  @Get()
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
