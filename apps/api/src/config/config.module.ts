import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { SystemParameters } from './system-parameters.js';

/** Gives every provider the parameters that the process was started with: inject `SystemParameters`. */
@Module({})
export class SystemConfigModule {
  static with(parameters: SystemParameters): DynamicModule {
    return {
      module: SystemConfigModule,
      global: true,
      imports: [
        // The parameters are already read and checked; nothing of them may get into process.env.
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          skipProcessEnv: true,
          load: [registerAs('system', () => parameters)],
        }),
      ],
      providers: [{ provide: SystemParameters, useValue: parameters }],
      exports: [SystemParameters, ConfigModule],
    };
  }
}
