export { ManualClock } from './manual.clock.js';
export { MemoryRateLimitStore } from './memory.store.js';
export {
  rateLimitStoreContract,
  type RateLimitStoreContractOptions,
  type StoreUnderTest,
  type TestRunner,
} from './rate-limit.store.contract.js';
export { RecordingTwilioClient, type RecordedMessage } from './recording.client.js';
export { getSmsTestingToken, InjectSmsTesting, SmsTesting } from './sms-testing.js';
export { SmsTestingModule, type SmsTestingOptions } from './sms-testing.module.js';
export {
  accepted,
  connectionRefused,
  noAnswer,
  rejected,
  type Accepted,
  type Rejected,
  type TwilioOutcome,
} from './twilio.outcome.js';
