// Jest, with what the tests need of the machine.
import { constants } from 'node:os';
import { findChromium } from './chromium.mjs';
import { startRedis } from './redis.mjs';
import { build, endRunning, install, run, SIGNALS } from './setup.mjs';

const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--forceExit', // what a test that was cut off still waits for must not keep it running
];

/** Installs, finds a browser, starts Redis and builds. Whatever stops this process stops that Redis too. */
export async function prepareTests() {
  await install();
  const chromium = await findChromium();
  const redis = await startRedis();
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      void endRunning(signal)
        .then(() => redis.stop())
        .finally(() => process.exit(128 + constants.signals[signal]));
    });
  }
  try {
    await build();
  } catch (error) {
    await redis.stop();
    throw error;
  }
  const environment = {
    ...process.env,
    NODE_ENV: 'test',
    TEST_REDIS_URL: redis.url,
    TEST_CHROMIUM_PATH: chromium,
  };
  return {
    /** @returns the exit code */
    jest: (args, env = {}) =>
      run(process.execPath, [...JEST, ...args], { env: { ...environment, ...env }, group: true }),
    stop: () => redis.stop(),
  };
}
