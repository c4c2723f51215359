import { readFileSync } from 'node:fs';

/**
 * What is kept of one phone in Redis: one hash, which a host app may share with the library. `phone-record.lua` says
 * which fields are whose.
 */
export const PhoneRecord = {
  /** The functions of `phone-record.lua`, to put before a script that reads or writes the record. */
  lua: readFileSync(new URL('./phone-record.lua', import.meta.url), 'utf8'),

  /** @param tag of {@link DataKey.tag}. The braces name the slot of a Redis Cluster. */
  keyOf(tag: string): string {
    return `sms:{${tag}}`;
  },
};
