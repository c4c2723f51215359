// A Chromium for the tests of the pages: the one of CHROMIUM_PATH, or one of this machine.
import { isExecutable, programFrom, whereIs } from './debian.mjs';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Where macOS keeps it. */
const APPLICATION = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The path of a Chromium that can be started. */
export async function findChromium() {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH) {
    if (isExecutable(CHROMIUM_PATH)) return CHROMIUM_PATH;
    throw new Error('CHROMIUM_PATH names no program that can be started.');
  }
  if (isExecutable(APPLICATION)) return APPLICATION;
  const program = await programFrom(PROGRAMS, 'chromium');
  if (!program) throw new Error('The tests need a browser: install chromium, or set CHROMIUM_PATH.');
  return whereIs(program);
}
