export { SmsModule } from './sms.module.js';
export type { ProvidedBy, SmsModuleExtras } from './sms.module-definition.js';
export {
  getRateLimitStoreToken,
  getSmsHealthIndicatorToken,
  getSmsServiceToken,
  getTwilioClientToken,
  InjectRateLimitStore,
  InjectSmsHealthIndicator,
  InjectSmsService,
  InjectTwilioClient,
} from './sms.tokens.js';
export { SmsHealthIndicator, type SmsHealth } from './sms.health.js';
export { SmsService } from './sms.service.js';
export type {
  DeliverOptions,
  ReserveOptions,
  SmsLoad,
  SmsOutcome,
  SmsReceipt,
  SmsReservation,
  SmsStatus,
} from './sms.types.js';
export type {
  LimitOptions,
  MessageOptions,
  SmsModuleOptions,
  StorageOptions,
  TwilioOptions,
} from './sms.options.js';
export {
  SMS_FAILURE_TEXTS,
  PhoneFormatError,
  PhoneNotAllowedError,
  ServerBusyError,
  SmsCodeFormatError,
  SmsConnectionFailedError,
  SmsError,
  SmsOptionsError,
  SmsSendFailedError,
  SmsSendTooFrequentlyError,
  isRefusal,
  StoreUnavailableError,
  TodaySmsLimitReachedError,
  type SendFailureFacts,
  type SmsErrorCode,
  type SmsFailureReason,
} from './sms.errors.js';
export {
  STORE_FAULTS,
  TWILIO_ANSWERS,
  type SendEnd,
  type SmsObserver,
  type StoreFault,
  type StoreOperationEnd,
  type TwilioAnswer,
  type TwilioRequestEnd,
} from './sms.observer.js';
export {
  SmsEventBus,
  type LimitOwner,
  type PhoneFacts,
  type SmsDelivered,
  type SmsEvents,
  type SmsFailed,
  type SmsRefused,
  type SmsSent,
  type SmsUndelivered,
} from './sms.events.js';
export type { AutofillOptions } from './message/message-template.js';
export { PhoneNumber } from './phone/phone-number.js';
export type { Quota } from './rate-limit/quota.rule.js';
export { RateLimitStore, type Granted, type RateLimit, type Refused } from './rate-limit/rate-limit.store.js';
export { Secret } from './secret.js';
export { WrongSecretError } from './storage/data-key.js';
export { LmdbMissingError } from './storage/embedded.storage.js';
export type { SendPermit } from './twilio/send-permits.js';
export { TwilioClient } from './twilio/twilio.client.js';
