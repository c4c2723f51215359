// npm run migrate:aliyun: turns a configuration for Aliyun into one for Twilio, and phone numbers into E.164.
import { importBuilt, prepare } from './setup.mjs';

await prepare();
if (process.env.npm_lifecycle_event === 'migrate:aliyun') {
  // npm goes to the folder of the package; the paths are meant from where it was called.
  if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  // Without `--` before it, npm takes this option for itself, and the file would be written.
  if (process.env.npm_config_dry_run === 'true') process.argv.push('--dry-run');
}
await importBuilt('apps/api/src/migration/migration.main.js');
