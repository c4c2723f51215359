// npm run simulator: the Twilio simulator on its own.
import { build, checkNode, importBuilt, install, stop } from './setup.mjs';

checkNode();
try {
  await install();
  await build();
} catch (error) {
  stop(error.message);
}
await importBuilt('libs/twilio-simulator/src/main.js');
