import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { Secret } from '@app/sms';
import { describe, expect, it } from '@jest/globals';
import { SystemConfigModule } from './config.module.js';
import { SystemParameters } from './system-parameters.js';

@Injectable()
class Reader {
  constructor(
    readonly parameters: SystemParameters,
    readonly config: ConfigService,
  ) {}
}

describe('SystemConfigModule', () => {
  it('gives the parameters to whoever injects their class, and nothing to the environment', async () => {
    const before = { ...process.env };
    const parameters = Object.assign(new SystemParameters(), {
      port: 4321,
      serverSecret: [new Secret('canary')],
    });

    const module = await Test.createTestingModule({
      imports: [SystemConfigModule.with(parameters)],
      providers: [Reader],
    }).compile();

    const reader = module.get(Reader);
    expect(reader.parameters).toBe(parameters);
    expect(reader.config.get('system.port')).toBe(4321);
    expect(process.env).toEqual(before);
    await module.close();
  });
});
