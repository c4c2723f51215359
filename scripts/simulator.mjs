// npm run simulator: the Twilio simulator on its own.
import { importBuilt, prepare } from './setup.mjs';

await prepare();
await importBuilt('libs/twilio-simulator/src/main.js');
