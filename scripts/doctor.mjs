// npm run doctor: installs and builds when needed, then holds the configuration against reality, in this process.
import { build, checkNode, importBuilt, install, stop } from './setup.mjs';

checkNode();
try {
  await install();
  await build();
} catch (error) {
  stop(error.message);
}
await importBuilt('apps/api/src/doctor/doctor.main.js');
