import { createHash } from 'node:crypto';
import type { FastifyPluginAsync } from 'fastify';
import type { AccountConditions } from './account.conditions.js';
import { toRfc2822 } from './message.resource.js';
import { authenticate, refuseApiKey, type TwilioAccount } from './twilio.account.js';
import { paginate } from './twilio.page.js';

const SUBRESOURCES = {
  addresses: 'Addresses',
  applications: 'Applications',
  authorized_connect_apps: 'AuthorizedConnectApps',
  available_phone_numbers: 'AvailablePhoneNumbers',
  balance: 'Balance',
  calls: 'Calls',
  conferences: 'Conferences',
  connect_apps: 'ConnectApps',
  incoming_phone_numbers: 'IncomingPhoneNumbers',
  keys: 'Keys',
  messages: 'Messages',
  notifications: 'Notifications',
  outgoing_caller_ids: 'OutgoingCallerIds',
  queues: 'Queues',
  recordings: 'Recordings',
  short_codes: 'SMS/ShortCodes',
  signing_keys: 'SigningKeys',
  sip: 'SIP',
  transcriptions: 'Transcriptions',
  usage: 'Usage',
};

/** Fetches the account, and lists its one number. */
export function accountRoutes(account: TwilioAccount, conditions: AccountConditions): FastifyPluginAsync {
  return async (scope) => {
    scope.addHook('preHandler', async (request) => authenticate(request, account));

    scope.get('/2010-04-01/Accounts/:accountSid(^[A-Za-z0-9]+).json', async (request) => {
      refuseApiKey(request, account);
      return toAccountResource(account, conditions);
    });

    scope.get('/2010-04-01/Accounts/:accountSid/IncomingPhoneNumbers.json', async (request) => {
      const url = new URL(request.url, 'http://twilio');
      const asked = url.searchParams.get('PhoneNumber')?.replaceAll(/\D/g, '') ?? '';
      const numbers = account.phoneNumber.includes(asked) ? [toPhoneNumberResource(account, conditions)] : [];
      const { page, items } = paginate(numbers, () => 0, url.pathname, url.searchParams);
      return { ...page, incoming_phone_numbers: items };
    });
  };
}

function toAccountResource(
  { accountSid, authToken, createdAt }: TwilioAccount,
  { status, type }: AccountConditions,
): object {
  const path = `/2010-04-01/Accounts/${accountSid}`;
  const date = toRfc2822(createdAt);
  return {
    auth_token: authToken,
    date_created: date,
    date_updated: date,
    friendly_name: 'Simulator',
    owner_account_sid: accountSid,
    sid: accountSid,
    status,
    subresource_uris: Object.fromEntries(
      Object.entries(SUBRESOURCES).map(([name, resource]) => [name, `${path}/${resource}.json`]),
    ),
    type,
    uri: `${path}.json`,
  };
}

function toPhoneNumberResource(
  { accountSid, phoneNumber, createdAt }: TwilioAccount,
  { senderHasSms }: AccountConditions,
) {
  const sid = `PN${createHash('md5').update(phoneNumber).digest('hex')}`;
  const date = toRfc2822(createdAt);
  return {
    account_sid: accountSid,
    address_requirements: 'none',
    address_sid: null,
    api_version: '2010-04-01',
    beta: false,
    bundle_sid: null,
    capabilities: { fax: false, mms: false, sms: senderHasSms, voice: false },
    date_created: date,
    date_updated: date,
    emergency_address_sid: null,
    emergency_address_status: 'unregistered',
    emergency_status: 'Inactive',
    friendly_name: phoneNumber,
    identity_sid: null,
    origin: 'twilio',
    phone_number: phoneNumber,
    sid,
    sms_application_sid: null,
    sms_fallback_method: 'POST',
    sms_fallback_url: null,
    sms_method: 'POST',
    sms_url: null,
    status: 'in-use',
    status_callback: null,
    status_callback_method: 'POST',
    trunk_sid: null,
    type: 'local',
    uri: `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers/${sid}.json`,
    voice_application_sid: null,
    voice_caller_id_lookup: false,
    voice_fallback_method: 'POST',
    voice_fallback_url: null,
    voice_method: 'POST',
    voice_receive_mode: 'voice',
    voice_url: null,
  };
}
