// npm run build: installs when needed, builds always.
import { build, checkNode, install, stop } from './setup.mjs';

checkNode();
try {
  await install();
  await build({ always: true });
} catch (error) {
  stop(error.message);
}
