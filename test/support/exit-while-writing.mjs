// Exits in the middle of a step of the embedded store. Run with the folder and the secret of the store.
const [folder, secret] = process.argv.slice(2);
const load = (path) => import(new URL(`../../dist/libs/sms/src/${path}`, import.meta.url));
const [{ EmbeddedStorage }, { Secret }] = await Promise.all([
  load('storage/embedded.storage.js'),
  load('secret.js'),
]);
const storage = new EmbeddedStorage(folder, [new Secret(secret)]);
await storage.open();
await storage.transact(() => process.exit(0));
