// npm start: installs and builds when needed, then runs the API in this process.
import { API, importBuilt, prepare } from './setup.mjs';

await prepare();
await importBuilt(API);
