// Reservations a second of the embedded store, and what LMDB alone does a second with the same records: as many at a time,
// and one at a time. All are on disk when they answer. Runs as a process of its own:
// node embedded-store.mjs FOLDER RESERVATIONS
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 3;
const IN_FLIGHT = 200; // as many sends as one process has under way by default
/** One at a time is slow, and its speed does not depend on how many there are. */
const SHARE_OF_SINGLE = 0.1;
const LIMIT = { units: 10, windowMs: 86_400_000, cooldownMs: 60_000, sendMs: 10_000, returns: 30 };
const RECORD_BYTES = 34; // what the store writes for a first reservation: 16 bytes of its own, 18 of the reservation

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, reservations] = process.argv.slice(2);
  const count = Number(reservations);
  await oursPerSecond(join(folder, 'warm-up'), count);
  const perSecond = [];
  const lmdbPerSecond = [];
  const oneAtATimePerSecond = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    perSecond.push(await oursPerSecond(join(folder, `ours-${round}`), count));
    lmdbPerSecond.push(await lmdbAlonePerSecond(join(folder, `lmdb-${round}`), count));
    oneAtATimePerSecond.push(await singlePerSecond(join(folder, `single-${round}`), count * SHARE_OF_SINGLE));
  }
  process.stdout.write(
    JSON.stringify({ reservations: count, perSecond, lmdbPerSecond, oneAtATimePerSecond }),
  );
}

async function oursPerSecond(folder, count) {
  const sms = '../../dist/libs/sms/src';
  const { EmbeddedStorage } = await import(`${sms}/storage/embedded.storage.js`);
  const { EmbeddedRateLimitStore } = await import(`${sms}/rate-limit/embedded.store.js`);
  const { Secret } = await import(`${sms}/secret.js`);
  const storage = new EmbeddedStorage(folder, [new Secret('a secret for a benchmark, of 32 bytes or more')]);
  await storage.open();
  const store = new EmbeddedRateLimitStore(storage);
  const phones = Array.from({ length: count }, (_, index) => `+86138${10_000_000 + index}`);
  const ids = phones.map(() => randomUUID());
  const perSecond = await perSecondOf(count, async (index) => {
    const { granted } = await store.reserve(phones[index], LIMIT, ids[index]);
    if (!granted) throw new Error('a reservation was refused');
  });
  await storage.close();
  return perSecond;
}

/** @param reserve takes the reservation with this index */
async function perSecondOf(count, reserve) {
  const began = performance.now();
  let next = 0;
  const caller = async () => {
    for (let index = next++; index < count; index = next++) await reserve(index);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  return (count / (performance.now() - began)) * 1_000;
}

async function lmdbAlonePerSecond(folder, count) {
  const { database, keys, reserve } = await openDatabase(folder, count);
  const perSecond = await perSecondOf(count, (index) => database.transaction(() => reserve(keys[index])));
  await database.close();
  return perSecond;
}

async function singlePerSecond(folder, count) {
  const { database, keys, reserve } = await openDatabase(folder, count);
  const began = performance.now();
  for (const key of keys) database.transactionSync(() => reserve(key));
  const elapsedMs = performance.now() - began;
  await database.close();
  return (count / elapsedMs) * 1_000;
}

/** `reserve` reads and writes what a reservation does: the clock, and the allowance of a phone. */
async function openDatabase(folder, count) {
  const { open } = await import('lmdb');
  mkdirSync(folder);
  const settings = { noSubdir: true, encoding: 'binary', eventTurnBatching: false, overlappingSync: false };
  const database = open({ path: join(folder, 'limits.mdb'), ...settings });
  const keys = Array.from({ length: count }, () => `sms:${randomBytes(16).toString('base64url')}`);
  const record = randomBytes(RECORD_BYTES);
  // No result: with the promise of a `put` as its result, a transaction would wait.
  const reserve = (key) => {
    database.get('clock');
    database.get(key);
    database.putSync(key, record);
    database.putSync('clock', record);
  };
  return { database, keys, reserve };
}
