// Ends while the embedded store writes. Run with the folder and the secret of the store, and how to end.
const [folder, secret, how] = process.argv.slice(2);
const load = (path) => import(new URL(`../../dist/libs/sms/src/${path}`, import.meta.url));
const [{ EmbeddedStorage }, { Secret }] = await Promise.all([
  load('storage/embedded.storage.js'),
  load('secret.js'),
]);
const TURNS = 50; // of the queue of promises: more than a step takes to be handed over

const storage = new EmbeddedStorage(folder, [new Secret(secret)]);
await storage.open();
let hasRun = false;
void storage.transact((transaction) => {
  transaction.put('key', Buffer.alloc(1), 60_000);
  hasRun = true;
});
// The step runs in a later turn of the event loop.
for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
if (hasRun) throw new Error('the step has run already');
switch (how) {
  case 'exit before the step':
    process.exit(7);
    break;
  case 'throw before the step':
    throw new Error('nobody catches this');
  case 'exit after the step':
    while (!hasRun) await new Promise(setImmediate);
    process.exit(7);
}
