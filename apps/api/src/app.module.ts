import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { SmsModule } from '@app/sms';
import { SystemConfigModule } from './config/config.module.js';
import { SystemParameters } from './config/system-parameters.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { RouteTable } from './errors/route-table.js';
import { createValidationPipe } from './errors/validation.pipe.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { Metrics } from './metrics/metrics.js';
import { smsOptions } from './sms-options.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';
import { VerificationModule } from './verification/verification.module.js';

@Module({})
export class AppModule {
  static with(parameters: SystemParameters): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SystemConfigModule.with(parameters),
        SmsModule.forRootAsync({
          isGlobal: true,
          imports: [MetricsModule],
          inject: [SystemParameters, Metrics],
          useFactory: smsOptions,
        }),
        VerificationModule,
        HealthModule,
        ...(parameters.serverPublicUrl === undefined ? [] : [WebhooksModule]),
      ],
      providers: [
        RouteTable,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useFactory: createValidationPipe },
      ],
    };
  }
}
