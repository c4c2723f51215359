// npm run start:prod: runs what was built; installs nothing and builds nothing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { API, checkNode, importBuilt, root, stop } from './setup.mjs';

checkNode();
if (!existsSync(join(root, 'dist', API))) stop('Nothing is built yet: run npm run build first.');
process.env.NODE_ENV ||= 'production';
await importBuilt(API);
