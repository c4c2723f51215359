import type { EmbeddedStorage } from './embedded.storage.js';
import type { RedisStorage } from './redis.storage.js';

/** Where limits are kept. The host app may keep what belongs to them in the same place. */
export type SmsStorage = RedisStorage | EmbeddedStorage;

/** Token of the opened storage. Nothing is opened until it is first used. */
export const SmsStorage = Symbol('SmsStorage');
