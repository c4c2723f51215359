// npm run doctor: installs and builds when needed, then holds the configuration against reality, in this process.
import { importBuilt, prepare } from './setup.mjs';

await prepare();
await importBuilt('apps/api/src/doctor/doctor.main.js');
