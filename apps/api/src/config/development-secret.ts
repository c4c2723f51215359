import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '@app/sms';

const SECRET_BYTES = 32;
const WAIT_FOR_WRITER_MS = 20;
const MAX_WAITS = 50;

/**
 * The `server.secret` of a machine that has none: made once, kept in the data folder, readable by its owner only.
 * @throws Error with a message for people, when the folder cannot be used
 */
export function developmentSecret(dataPath: string): Secret {
  const path = join(dataPath, 'secret');
  mkdirSync(dataPath, { recursive: true, mode: 0o700 });
  try {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    writeFileSync(path, `${secret}\n`, { flag: 'wx', mode: 0o600 });
    return new Secret(secret);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readExisting(path);
  }
}

/** The secret of {@link developmentSecret} if it was made before. */
export function existingDevelopmentSecret(dataPath: string): Secret | undefined {
  try {
    return new Secret(readFileSync(join(dataPath, 'secret'), 'utf8').trim());
  } catch {
    return undefined; // there is none yet, or the folder cannot be read: then others say so
  }
}

/** Another process may have made the file and not yet written it. */
function readExisting(path: string): Secret {
  for (let wait = 0; wait < MAX_WAITS; wait++) {
    const secret = readFileSync(path, 'utf8').trim();
    if (Buffer.byteLength(secret) >= SECRET_BYTES) return new Secret(secret);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_FOR_WRITER_MS);
  }
  throw new Error(`the file "secret" in it holds fewer than ${SECRET_BYTES} bytes`);
}
