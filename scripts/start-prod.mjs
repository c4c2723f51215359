// npm run start:prod: runs what was built; installs nothing and builds nothing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkNode, importBuilt, root, stop } from './setup.mjs';

const MAIN = 'apps/api/src/main.js';

checkNode();
if (!existsSync(join(root, 'dist', MAIN))) stop('Nothing is built yet: run npm run build first.');
process.env.NODE_ENV ||= 'production';
await importBuilt(MAIN);
