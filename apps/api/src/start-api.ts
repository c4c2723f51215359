import { Logger } from '@nestjs/common';
import { WrongSecretError } from '@app/sms';
import { CONFIGURATION_EXIT_CODE, ConfigurationError } from './config/configuration.error.js';
import { loadParameters } from './config/load-parameters.js';
import { createApp } from './create-app.js';
import type { SystemParameters } from './config/system-parameters.js';
import type { Demo } from './demo/demo.js';
import { GracefulShutdown } from './lifecycle/graceful-shutdown.js';
import { LastResort } from './lifecycle/last-resort.js';

async function main(): Promise<void> {
  const lastResort = new LastResort();
  const { parameters, warnings } = loadParameters();
  const demo = parameters.demo ? await startDemo(parameters) : undefined;
  const app = await createApp(demo ? demo.parameters(parameters) : parameters);
  const shutdown = new GracefulShutdown(app, parameters.twilioSmsTimeoutMs);
  shutdown.onSignals();
  lastResort.end = () => shutdown.begin(1);
  const logger = new Logger('Start');
  for (const warning of warnings) logger.warn({ event: 'configuration.warning', warning });
  await demo?.addPages(app, parameters);
  if (demo?.simulator.damagedStatePath !== undefined) {
    logger.warn({ event: 'simulator.state_damaged', movedTo: demo.simulator.damagedStatePath });
  }
  await app.listen(parameters.port, parameters.host);
  const url = await app.getUrl();
  logger.log({
    event: 'started',
    url,
    store: parameters.redisUrl ? 'redis' : 'embedded',
    demo: parameters.demo,
  });
  if (demo) announceDemo(url);
}

/** Loaded when it is wanted: production has neither the simulator nor its pages. */
async function startDemo(parameters: SystemParameters): Promise<Demo> {
  const { Demo } = await import('./demo/demo.js');
  return Demo.start(parameters);
}

function announceDemo(url: string): void {
  process.stdout.write(`
  DEMO MODE: no Twilio credentials are configured, so nothing is sent and nothing is billed.

    Playground   ${url}/   send a code and check it, in a browser
    Inbox        ${url}/inbox   the messages that phones would have received
    API          ${url}/docs   every address, to read and to try

    Send    curl -s ${url}/v1/verifications -H 'content-type: application/json' -d '{"phone":"+12025550123"}'
    Check   curl -s ${url}/v1/verifications/ID/check -H 'content-type: application/json' -d '{"code":"CODE"}'

`);
}

/** One clear message; configuration faults in one table. */
function stop(error: unknown): void {
  if (error instanceof ConfigurationError || error instanceof WrongSecretError) {
    end(error.message, CONFIGURATION_EXIT_CODE);
    return;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  const hint = code === 'EADDRINUSE' ? ' Stop what uses it, or set PORT to another one.' : '';
  end(`The API cannot start. ${message.replace(/\.?$/, '.')}${hint}`, 1);
}

/** Not before the message is written: Node may have much else to print, if it was told to. */
function end(message: string, exitCode: number): void {
  process.stderr.write(`${message}\n`, () => process.exit(exitCode));
}

await main().catch(stop);
