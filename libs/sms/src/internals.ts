// What the API beside this library is made of too: storage, cryptography, rules of options, inspections. It is not part
// of the package, and changes as the two need it.
export { MessageTemplate } from './message/message-template.js';
export { isHostName, isLoopback, isOrigin, isRedisUrl, isSecureOrigin, isSid } from './option.rules.js';
export { EmbeddedQuotas } from './rate-limit/embedded.quotas.js';
export { RedisQuotas } from './rate-limit/redis.quotas.js';
export { Unsettled } from './rate-limit/unsettled.js';
export { DataKey, seal, unseal } from './storage/data-key.js';
export { inspectDataFile, type DataFileInspection } from './storage/embedded.inspection.js';
export { DAMAGED, EmbeddedStorage, type EmbeddedTransaction } from './storage/embedded.storage.js';
export { PhoneRecord } from './storage/phone-record.js';
export { randomBytes } from './storage/random.js';
export { inspectRedis, type RedisInspection } from './storage/redis.inspection.js';
export { RedisStorage } from './storage/redis.storage.js';
export { SmsStorage } from './storage/storage.js';
export { TwilioFailure } from './twilio/twilio.failure.js';
export { TwilioInspection, type InspectedSettings } from './twilio/twilio.inspection.js';
