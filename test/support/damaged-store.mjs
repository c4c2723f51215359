// Opens data folders, one after the other, as the API would, and says what is left of what was known in them. LMDB may
// end this process by a signal: that is what it is for. See data-folder.ts.
import { Logger } from '@nestjs/common';

const load = (path) => import(new URL(`../../dist/${path}`, import.meta.url));
const [{ EmbeddedStorage }, { Secret }, { EmbeddedRateLimitStore }, { EmbeddedVerificationStore }, ids] =
  await Promise.all([
    load('libs/sms/src/storage/embedded.storage.js'),
    load('libs/sms/src/secret.js'),
    load('libs/sms/src/rate-limit/embedded.store.js'),
    load('apps/api/src/verification/embedded-verification.store.js'),
    load('apps/api/src/verification/verification-id.js'),
  ]);
Logger.overrideLogger(false);

async function judge({ folder, secret, limit, checkLimits, known }) {
  const storage = new EmbeddedStorage(folder, [new Secret(secret)]);
  try {
    await storage.open();
  } catch (error) {
    await storage.close();
    return { refusal: `${error.name}: ${error.message}`, forgotten: [], lost: 0 };
  }
  const limits = new EmbeddedRateLimitStore(storage);
  const verifications = new EmbeddedVerificationStore(storage);
  const forgotten = [];
  let lost = 0;
  const ask = async ({ phone, id, state }) => {
    const reservation = await limits.reserve(phone, limit, `another for ${phone}`);
    if (reservation.granted) forgotten.push('a limit');
    else if (reservation.waitMs === limit.windowMs) lost += 1;
    const attempt = { id: phone, mac: 'right' };
    const { result } = await verifications.check(ids.VerificationId.parse(id), attempt, checkLimits);
    if (result === 'approved' && state === 'used') forgotten.push('that a code was used');
    if (result === 'approved' && state === 'guessed') forgotten.push('wrong guesses');
    if (result === 'not_found') lost += 1;
  };
  await Promise.all(known.map(ask));
  // New records take new pages, and those that are free.
  await Promise.all(known.map(({ phone }) => limits.reserve(`new ${phone}`, limit, phone)));
  await storage.close();
  return { forgotten, lost };
}

process.on('message', (task) => {
  judge(task).then(
    (found) => process.send(found),
    (error) => process.send({ fault: `${error.name}: ${error.message}`, forgotten: [], lost: 0 }),
  );
});
process.send('ready');
