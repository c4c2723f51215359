import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { SmsModuleOptions } from './sms.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: SMS_OPTIONS } =
  new ConfigurableModuleBuilder<SmsModuleOptions>({ moduleName: 'Sms' })
    .setClassMethodName('forRoot')
    .setExtras({ isGlobal: false }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();
