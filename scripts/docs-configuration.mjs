// npm run docs:configuration: writes docs/configuration.md from the class of the system parameters, and the options of the
// library into its README from their types.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importBuilt, prepare, root } from './setup.mjs';

await prepare();
const { withOptions } = await import('./sms-options.mjs'); // needs what was just installed
const { configurationReference } = await importBuilt('apps/api/src/config/configuration-reference.js');
writeFileSync(join(root, 'docs/configuration.md'), configurationReference());
const readme = join(root, 'libs/sms/README.md');
writeFileSync(readme, withOptions(readFileSync(readme, 'utf8')));
