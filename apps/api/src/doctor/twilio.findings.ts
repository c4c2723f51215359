import { PhoneNumber, type Secret } from '@app/sms';
import { TwilioInspection } from '@app/sms/internals';
import type { SystemParameters } from '../config/system-parameters.js';
import type { Finding } from './finding.js';
import { CONSOLE } from './twilio.console.js';
import { ask, isRefusal, remedyOfFailure, type Asked } from './twilio.failures.js';

const TWILIO_ORIGIN = 'https://api.twilio.com';
/** https://www.twilio.com/docs/api/errors/20003 */
const WRONG_CREDENTIALS = 20003;
const NORTH_AMERICAN = /^\+1/;
const TOLL_FREE = /^\+18(00|33|44|55|66|77|88)/;

/** Asks as the service sends: with the API key if there is one. */
export function inspectionOf(parameters: SystemParameters): TwilioInspection {
  const { twilioSmsApiKeySid: sid, twilioSmsApiKeySecret: secret } = parameters;
  return sid && secret
    ? inspectionWith(parameters, sid, secret)
    : inspectionWith(parameters, parameters.twilioSmsAccountSid!, parameters.twilioSmsAuthToken[0]);
}

function inspectionWith(parameters: SystemParameters, username: string, password: Secret): TwilioInspection {
  return new TwilioInspection({
    accountSid: parameters.twilioSmsAccountSid!,
    credentials: { username, password },
    baseUrl: parameters.twilioSmsBaseUrl,
  });
}

export function hostOfTwilio({ twilioSmsBaseUrl }: SystemParameters): string {
  return new URL(twilioSmsBaseUrl).host;
}

/** The account, by its auth token if there is one: most API keys may not look at it. */
export async function* accountFindings(
  parameters: SystemParameters,
  inspection: TwilioInspection,
): AsyncGenerator<Finding> {
  const { twilioSmsApiKeySid: apiKeySid, twilioSmsAuthToken: tokens } = parameters;
  const asking =
    apiKeySid && tokens.length > 0
      ? inspectionWith(parameters, parameters.twilioSmsAccountSid!, tokens[0])
      : inspection;
  const account = await ask(asking.account());
  if (asking !== inspection) await asking.close();
  if ('answer' in account) yield* statusFindings(account.answer);
  else if (apiKeySid && tokens.length === 0 && account.failure.facts.reason === 'authentication_failed') {
    yield {
      check: 'twilio account',
      result: 'look here',
      seen: 'An API key may not ask for the status of the account.',
      fix: `See that the account is active and no trial: ${CONSOLE.home}`,
    };
  } else {
    yield {
      check: 'twilio account',
      result: 'fail',
      ...remedyOfFailure(account.failure, hostOfTwilio(parameters)),
    };
  }
}

function* statusFindings({ status, type }: { status: string; type: string }): Generator<Finding> {
  const check = 'twilio account';
  if (status !== 'active') {
    yield {
      check,
      result: 'fail',
      seen: `The credentials are right, and the account is ${status === 'closed' ? 'closed' : 'suspended'}.`,
      fix: `Settle what Twilio asks for (billing, review): ${CONSOLE.home}`,
    };
    return;
  }
  yield { check, result: 'pass', seen: 'The credentials are right, and the account is active.' };
  if (type !== 'Trial') return;
  yield {
    check: 'twilio trial',
    result: 'warn',
    seen: 'This is a trial account: it sends only to verified phones.',
    fix: `Upgrade it before going live, or verify each phone: ${CONSOLE.verifiedPhones}`,
  };
}

/** The sender: a number of the account that can send SMS, or a Messaging Service with such numbers. */
export async function senderFinding(
  parameters: SystemParameters,
  inspection: TwilioInspection,
): Promise<Finding> {
  const { twilioSmsMessagingServiceSid: serviceSid, twilioSmsPhoneNumber: number } = parameters;
  return serviceSid
    ? serviceFinding(parameters, await ask(inspection.serviceHasSenders(serviceSid)))
    : numberFinding(parameters, number!, await ask(inspection.number(number!)));
}

function serviceFinding(parameters: SystemParameters, service: Asked<boolean>): Finding {
  const check = 'twilio sender';
  const fix = `Look at its sender pool: ${CONSOLE.services}`;
  if ('answer' in service) {
    return service.answer
      ? { check, result: 'pass', seen: 'The Messaging Service is there, and has senders.' }
      : {
          check,
          result: 'fail',
          seen: 'The Messaging Service has no senders.',
          fix: `Add a number to its sender pool: ${CONSOLE.services}`,
        };
  }
  if (service.failure.facts.twilioCode !== 20404) return unseen(parameters, service.failure, fix);
  // A proxy in front of Twilio's main host does not know the host of Messaging Services.
  const isTwilio = parameters.twilioSmsBaseUrl === TWILIO_ORIGIN;
  return {
    check,
    result: isTwilio ? 'fail' : 'look here',
    seen: `${isTwilio ? 'The account' : hostOfTwilio(parameters)} knows no such Messaging Service.`,
    fix: `Correct twilio.sms.messaging_service_sid: ${CONSOLE.services}`,
  };
}

function numberFinding(
  parameters: SystemParameters,
  number: string,
  found: Asked<{ sms: boolean } | undefined>,
): Finding {
  const check = 'twilio sender';
  const masked = PhoneNumber.ofStored(number).masked;
  const fix = `Set twilio.sms.phone_number to an SMS-capable number of this account, or buy one: ${CONSOLE.numbers}`;
  if ('failure' in found) return unseen(parameters, found.failure, `Look for the number: ${CONSOLE.numbers}`);
  if (!found.answer) {
    return { check, result: 'fail', seen: `${masked} is not a number of this account.`, fix };
  }
  return found.answer.sms
    ? { check, result: 'pass', seen: `${masked} is a number of this account, and can send SMS.` }
    : { check, result: 'fail', seen: `${masked} is a number of this account, and cannot send SMS.`, fix };
}

/** An API key may be restricted; other credentials that are refused are wrong. */
function unseen(
  parameters: SystemParameters,
  failure: Parameters<typeof isRefusal>[0],
  fix: string,
): Finding {
  const check = 'twilio sender';
  const remedy = remedyOfFailure(failure, hostOfTwilio(parameters));
  const { reason, twilioCode } = failure.facts;
  const isWrong = twilioCode === undefined || twilioCode === WRONG_CREDENTIALS;
  const isRestricted =
    parameters.twilioSmsApiKeySid !== undefined && reason === 'authentication_failed' && !isWrong;
  if (!isRestricted) return { check, result: 'fail', ...remedy };
  return {
    check,
    result: 'look here',
    seen: `The API key may not look at the sender (Twilio error ${twilioCode}).`,
    fix: `See the rights of the key: ${CONSOLE.credentials}. ${fix}`,
  };
}

/** What Twilio tells nobody but a person in the console. */
export function* consoleFindings(parameters: SystemParameters): Generator<Finding> {
  const { twilioSmsMessagingServiceSid: serviceSid, twilioSmsPhoneNumber: number = '' } = parameters;
  yield {
    check: 'geo permissions',
    result: 'look here',
    seen: 'To which countries the account may send cannot be asked; --send-to finds out for one phone.',
    fix: `Switch on the countries of your users, and no others: ${CONSOLE.geoPermissions}`,
  };
  if (serviceSid || NORTH_AMERICAN.test(number)) {
    yield {
      check: 'registration',
      result: 'look here',
      seen: `Carriers of the US deliver only for ${
        !serviceSid && TOLL_FREE.test(number)
          ? 'verified toll-free numbers'
          : 'registered senders (A2P 10DLC, toll-free)'
      }.`,
      fix: `See that the sender is registered: ${CONSOLE.registration}`,
    };
  }
  yield {
    check: 'limits at twilio',
    result: 'look here',
    seen: 'How many messages Twilio and the carriers take in a second and in a day depends on the sender.',
    fix: `Hold your numbers against those of the sender: ${serviceSid ? CONSOLE.services : CONSOLE.numbers}`,
  };
}
