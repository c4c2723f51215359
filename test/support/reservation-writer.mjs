// Takes reservations in an embedded store until it is killed, and writes down each that was granted. Run with the folder
// and the secret of the store, and the file to write them to.
import { randomUUID } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const IN_FLIGHT = 20;
const PAUSE_MS = 100;
const LIMIT = { units: 1, windowMs: 86_400_000, cooldownMs: 60_000, sendMs: 10_000, returns: 3 };

const [folder, secret, path] = process.argv.slice(2);
const load = (name) => import(new URL(`../../dist/libs/sms/src/${name}`, import.meta.url));
const [{ EmbeddedStorage }, { EmbeddedRateLimitStore }, { Secret }, { StoreUnavailableError }] =
  await Promise.all([
    load('storage/embedded.storage.js'),
    load('rate-limit/embedded.store.js'),
    load('secret.js'),
    load('sms.errors.js'),
  ]);
const storage = new EmbeddedStorage(folder, [new Secret(secret)]);
await storage.open();
const store = new EmbeddedRateLimitStore(storage);
const file = openSync(path, 'a');

async function reserveUntilKilled() {
  for (;;) {
    const id = randomUUID();
    try {
      const { granted } = await store.reserve(id, LIMIT, id);
      if (!granted) throw new Error('a reservation was refused');
      writeSync(file, `${id}\n`);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await sleep(PAUSE_MS); // it may have been taken, and nobody was told so
    }
  }
}

process.stdout.write('ready\n');
await Promise.all(Array.from({ length: IN_FLIGHT }, reserveUntilKilled));
