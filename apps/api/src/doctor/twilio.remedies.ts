import type { Remedy } from './finding.js';
import { CONSOLE } from './twilio.console.js';

const OTHER_PHONE = 'Try it with a mobile phone of your own.';
const REGISTER = `Register the sender: ${CONSOLE.registration}`;
const SENDER: Remedy = {
  seen: 'Twilio does not let this account send from this sender',
  fix: `Set twilio.sms.phone_number to an SMS-capable number of this account: ${CONSOLE.numbers}`,
};
const EMPTY_SERVICE: Remedy = {
  seen: 'The Messaging Service has no sender that can reach this phone',
  fix: `Add a number to its sender pool: ${CONSOLE.services}`,
};
const WRONG_SERVICE: Remedy = {
  seen: 'Twilio does not know this Messaging Service',
  fix: `Correct twilio.sms.messaging_service_sid: ${CONSOLE.services}`,
};
const CAPPED: Remedy = {
  seen: 'The account has reached its limit of messages for now',
  fix: `Wait for the next hour or day, or ask Twilio for more: ${CONSOLE.home}`,
};
const SUSPENDED: Remedy = {
  seen: 'The account is suspended',
  fix: `Settle what Twilio asks for (billing, review): ${CONSOLE.home}`,
};
const TRIAL: Remedy = {
  seen: 'A trial account sends only from its trial number and to verified phones',
  fix: `Verify the phone, or upgrade the account: ${CONSOLE.verifiedPhones}`,
};
const INVALID_PHONE: Remedy = { seen: 'Twilio says that there is no such number', fix: OTHER_PHONE };
const NOT_MOBILE: Remedy = { seen: 'This number cannot receive SMS', fix: OTHER_PHONE };
const A2P: Remedy = {
  seen: 'The sender is not registered for messages to US phones (A2P 10DLC)',
  fix: REGISTER,
};
const TOO_FAST: Remedy = {
  seen: 'The sender sends more than its registration allows',
  fix: `Send less, or raise its throughput: ${CONSOLE.registration}`,
};
const CREDENTIALS: Remedy = {
  seen: 'Twilio does not accept the credentials',
  fix: `Copy account SID and auth token (or API key) anew, and see that the account is active: ${CONSOLE.credentials}`,
};

/** Twilio's error codes by what an operator can do. See https://www.twilio.com/docs/api/errors */
const REMEDIES = new Map<number, Remedy>([
  [20003, CREDENTIALS],
  [20005, SUSPENDED],
  [
    20008,
    {
      seen: 'These are test credentials, with which Twilio sends nothing',
      fix: `Use the live account SID and auth token: ${CONSOLE.credentials}`,
    },
  ],
  [20404, { seen: 'Twilio knows no such account', fix: `Correct twilio.sms.account_sid: ${CONSOLE.home}` }],
  [20429, { seen: 'Twilio is asked too often at this moment', fix: 'Run this again in a minute.' }],
  [21211, INVALID_PHONE],
  [21217, INVALID_PHONE],
  [21212, SENDER],
  [
    21408,
    {
      seen: 'The account may not send to this country (geo permissions)',
      fix: `Switch the country on: ${CONSOLE.geoPermissions}`,
    },
  ],
  [21603, SENDER],
  [21606, SENDER],
  [21607, TRIAL],
  [21608, TRIAL],
  [21610, { seen: 'This phone has opted out of the sender', fix: 'Text START from it to the sender.' }],
  [
    21611,
    {
      seen: 'The queue of the sender is full',
      fix: 'Wait until it has emptied, or use a Messaging Service with several senders.',
    },
  ],
  [
    21612,
    {
      seen: 'This sender cannot reach this phone',
      fix: `Use a sender that may send to this country: ${CONSOLE.numbers}`,
    },
  ],
  [21614, NOT_MOBILE],
  [21635, NOT_MOBILE],
  [21659, SENDER],
  [21660, SENDER],
  [21661, SENDER],
  [21701, WRONG_SERVICE],
  [21702, WRONG_SERVICE],
  [21703, EMPTY_SERVICE],
  [21704, EMPTY_SERVICE],
  [21705, WRONG_SERVICE],
  [
    30001,
    {
      seen: 'The queue of the sender is full',
      fix: 'Send less at a time, or add senders to a Messaging Service.',
    },
  ],
  [30002, SUSPENDED],
  [
    30003,
    {
      seen: 'The phone is off, out of reach, or takes no SMS',
      fix: `Switch it on and try again. ${OTHER_PHONE}`,
    },
  ],
  [30004, { seen: 'The phone or its carrier blocks the message', fix: OTHER_PHONE }],
  [30005, { seen: 'The number is unknown or not in service', fix: OTHER_PHONE }],
  [30006, NOT_MOBILE],
  [
    30007,
    {
      seen: 'A carrier filtered the message out',
      fix: `Register the sender, and keep links and advertising out of the text: ${CONSOLE.registration}`,
    },
  ],
  [
    30008,
    { seen: 'The carrier gave no reason', fix: `Try again; then look at the message: ${CONSOLE.messageLog}` },
  ],
  [30022, TOO_FAST],
  [30023, TOO_FAST],
  [30027, TOO_FAST],
  [30032, { seen: 'The toll-free sender is not verified', fix: `Verify it: ${CONSOLE.registration}` }],
  [30033, { seen: 'The A2P campaign of the sender is suspended', fix: `See why: ${CONSOLE.registration}` }],
  [30034, A2P],
  [30035, A2P],
  [
    30036,
    {
      seen: 'The message waited so long that it expired',
      fix: 'Send less at a time, or add senders to a Messaging Service.',
    },
  ],
  [30042, { seen: 'The sender id is not accepted there', fix: REGISTER }],
  [
    30450,
    {
      seen: "Twilio's protection against SMS pumping blocks this number for now",
      fix: 'Wait half an hour; then look at who asked for codes.',
    },
  ],
  [60728, CAPPED],
  [63038, CAPPED],
]);

/** @returns the sentence with the code in it, and the way to mend it */
export function remedyOf(twilioCode: number): Remedy {
  const remedy = REMEDIES.get(twilioCode);
  return {
    seen: `${remedy?.seen ?? 'Twilio gives an error'} (Twilio error ${twilioCode}).`,
    fix: remedy?.fix ?? `See https://www.twilio.com/docs/api/errors/${twilioCode}`,
  };
}
