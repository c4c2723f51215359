// npm start: installs and builds when needed, then runs the API in this process.
import { build, checkNode, importBuilt, install, stop } from './setup.mjs';

checkNode();
try {
  await install();
  await build();
} catch (error) {
  stop(error.message);
}
await importBuilt('apps/api/src/main.js');
