import type { TwilioInspection } from '@app/sms/internals';
import type { ReadParameters } from '../config/load-parameters.js';
import type { DoctorOptions } from './doctor.js';
import type { Finding } from './finding.js';
import { isRight } from './right-parameters.js';
import { nothingSent, testMessageFinding } from './test-message.js';
import { accountFindings, consoleFindings, inspectionOf, senderFinding } from './twilio.findings.js';
import { webhookFinding } from './webhook.findings.js';

const FIRST = 'Mend what failed above first.';

/** What only Twilio and the running service can tell. */
export async function* liveFindings(
  read: ReadParameters,
  options: Pick<DoctorOptions, 'sendTo' | 'waiting'>,
): AsyncGenerator<Finding> {
  const { parameters } = read;
  if (parameters.demo) {
    if (options.sendTo)
      yield nothingSent('there are no Twilio credentials', 'Give them, as demo mode asks above.');
    return;
  }
  if (
    parameters.serverPublicUrl !== undefined &&
    isRight(read, 'server.public_url', 'twilio.sms.base_url', 'twilio.sms.auth_token')
  ) {
    yield await webhookFinding(parameters);
  }
  if (!isRight(read, 'twilio.')) {
    if (options.sendTo) yield nothingSent('a parameter of Twilio is wrong', FIRST);
    return;
  }
  const inspection = inspectionOf(parameters);
  try {
    yield* twilioFindings(read, options, inspection);
  } finally {
    await inspection.close();
  }
}

async function* twilioFindings(
  { parameters }: ReadParameters,
  { sendTo, waiting }: Pick<DoctorOptions, 'sendTo' | 'waiting'>,
  inspection: TwilioInspection,
): AsyncGenerator<Finding> {
  let failed = false;
  for await (const finding of accountFindings(parameters, inspection)) {
    failed ||= finding.result === 'fail';
    yield finding;
  }
  if (!failed) {
    const sender = await senderFinding(parameters, inspection);
    failed = sender.result === 'fail';
    yield sender;
  }
  yield* consoleFindings(parameters);
  if (!sendTo) return;
  yield failed
    ? nothingSent('Twilio would not take it', FIRST)
    : await testMessageFinding(parameters, inspection, sendTo, waiting);
}
