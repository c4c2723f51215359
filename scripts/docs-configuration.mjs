// npm run docs:configuration: writes docs/configuration.md from the class of the system parameters.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importBuilt, prepare, root } from './setup.mjs';

await prepare();
const { configurationReference } = await importBuilt('apps/api/src/config/configuration-reference.js');
writeFileSync(join(root, 'docs/configuration.md'), configurationReference());
