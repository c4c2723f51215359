// npm start: installs and builds when needed, then runs the API in this process.
import { importBuilt, prepare } from './setup.mjs';

await prepare();
await importBuilt('apps/api/src/main.js');
