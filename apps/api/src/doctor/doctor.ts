import type { PhoneNumber } from '@app/sms';
import { existingDevelopmentSecret } from '../config/development-secret.js';
import { readParameters, type ReadParameters } from '../config/load-parameters.js';
import type { ParameterSources } from '../config/parameter.sources.js';
import { configurationFindings } from './configuration.findings.js';
import type { Finding } from './finding.js';
import { dataFileFindings, folderFinding } from './folder.findings.js';
import { isRight } from './right-parameters.js';
import { limitsFindings } from './limits.findings.js';
import { nodeFinding } from './node.findings.js';
import { publicUrlFinding } from './public-url.findings.js';
import { redisFindings } from './redis.findings.js';
import { templateFinding } from './template.findings.js';
import type { Waiting } from './test-message.js';

export interface DoctorOptions {
  readonly sources: ParameterSources;
  /** Also ask Twilio, and call the public URL: all of it free. */
  readonly live: boolean;
  /** Send one real message there; `live` then has to be true. */
  readonly sendTo?: PhoneNumber;
  readonly waiting: Waiting;
}

/**
 * Holds a configuration against reality, in the order in which a code meets it. Nothing is changed, but for a key in
 * Redis that is gone after a second. What depends on a parameter that is wrong is left out.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<Finding> {
  const read = readParameters(options.sources);
  yield nodeFinding();
  yield* configurationFindings(read);
  if (isRight(read, 'server.')) yield* limitsFindings(read.parameters);
  if (
    isRight(read, 'twilio.sms.template', 'twilio.sms.web_origin', 'twilio.sms.android', 'server.sms_code')
  ) {
    yield templateFinding(read.parameters);
  }
  yield* storeFindings(read);
  const { demo } = read.parameters;
  if (!demo && isRight(read, 'server.public_url', 'twilio.sms.base_url')) {
    yield publicUrlFinding(read.parameters);
  }
  if (!options.live) return;
  // Loaded when it is wanted: it is half of what there is to load.
  const { liveFindings } = await import('./live.findings.js');
  yield* liveFindings(read, options);
}

async function* storeFindings(read: ReadParameters): AsyncGenerator<Finding> {
  const { given, parameters } = read;
  const { redisUrl, dataPath, serverSecret } = parameters;
  const keepsSecret = !given.names.has('server.secret') && !parameters.production;
  const existing =
    keepsSecret && isRight(read, 'data.path') ? existingDevelopmentSecret(dataPath) : undefined;
  const secrets = existing ? [existing] : isRight(read, 'server.secret') ? serverSecret : [];
  if ((!given.names.has('redis.url') || keepsSecret) && isRight(read, 'data.path')) {
    yield folderFinding(dataPath);
  }
  if (!isRight(read, 'redis.url', 'data.path')) return;
  yield* redisUrl ? redisFindings(redisUrl, secrets) : dataFileFindings(dataPath, secrets);
}
