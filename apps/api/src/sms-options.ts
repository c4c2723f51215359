import type { SmsModuleOptions, SmsObserver } from '@app/sms';
import type { SystemParameters } from './config/system-parameters.js';

/** The library's options from the system parameters. */
export function smsOptions(parameters: SystemParameters, observer: SmsObserver): SmsModuleOptions {
  const { twilioSmsApiKeySid, twilioSmsApiKeySecret } = parameters;
  return {
    twilio: {
      accountSid: parameters.twilioSmsAccountSid ?? '',
      authToken: parameters.twilioSmsAuthToken[0],
      apiKey:
        twilioSmsApiKeySid && twilioSmsApiKeySecret
          ? { sid: twilioSmsApiKeySid, secret: twilioSmsApiKeySecret }
          : undefined,
      phoneNumber: parameters.twilioSmsPhoneNumber,
      messagingServiceSid: parameters.twilioSmsMessagingServiceSid,
      baseUrl: parameters.twilioSmsBaseUrl,
      timeoutMs: parameters.twilioSmsTimeoutMs,
      maxAttempts: parameters.twilioSmsMaxAttempts,
      maxConcurrency: parameters.twilioSmsMaxConcurrency,
      retryAmbiguous: parameters.twilioSmsRetryAmbiguous,
    },
    message: {
      template: parameters.twilioSmsTemplateMessage,
      webOrigin: parameters.twilioSmsWebOrigin,
      androidAppHash: parameters.twilioSmsAndroidAppHash,
      codeTtlSeconds: parameters.serverSmsCodeTtlSeconds,
      codeLength: parameters.serverSmsCodeLength,
    },
    limits: {
      maxSendsPerDay: parameters.serverSmsMaxSendCount,
      cooldownSeconds: parameters.serverSmsCooldownSeconds,
      maxSendsPerSource: parameters.serverSmsMaxSendsPerSource,
      maxSendsTotal: parameters.serverSmsMaxSendsTotal,
    },
    storage: {
      secret: parameters.serverSecret,
      redisUrl: parameters.redisUrl,
      folder: parameters.dataPath,
    },
    observer,
  };
}
