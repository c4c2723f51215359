import { createHash } from 'node:crypto';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { AccountConditions } from './account.conditions.js';
import { authenticate, type TwilioAccount } from './twilio.account.js';

const POOLS = { PhoneNumbers: 'phone_numbers', ShortCodes: 'short_codes', AlphaSenders: 'alpha_senders' };

/** Fetches a Messaging Service, and lists what it sends from: the account's one number. Twilio has them on another host. */
export function servicesRoutes(account: TwilioAccount, conditions: AccountConditions): FastifyPluginAsync {
  const { accountSid, phoneNumber, createdAt } = account;
  return async (scope) => {
    scope.addHook('preHandler', async (request) => authenticate(request, account));

    scope.get('/v1/Services/:sid(^MG[0-9a-fA-F]{32}$)', async (request) => {
      const sid = sidOf(request);
      return {
        account_sid: accountSid,
        date_created: createdAt,
        date_updated: createdAt,
        friendly_name: 'Simulator',
        sid,
        url: `https://messaging.twilio.com/v1/Services/${sid}`,
      };
    });

    for (const [path, key] of Object.entries(POOLS)) {
      scope.get(`/v1/Services/:sid(^MG[0-9a-fA-F]{32}$)/${path}`, async (request) => {
        const url = `https://messaging.twilio.com/v1/Services/${sidOf(request)}/${path}?PageSize=50&Page=0`;
        const number = {
          account_sid: accountSid,
          capabilities: conditions.senderHasSms ? ['SMS'] : [],
          country_code: 'US',
          date_created: createdAt,
          date_updated: createdAt,
          phone_number: phoneNumber,
          service_sid: sidOf(request),
          sid: `PN${createHash('md5').update(phoneNumber).digest('hex')}`,
          url: null,
        };
        const isThere = path === 'PhoneNumbers' && conditions.servicesHaveSenders;
        return {
          meta: { first_page_url: url, key, next_page_url: null, page: 0, page_size: 50, url },
          [key]: isThere ? [number] : [],
        };
      });
    }
  };
}

function sidOf(request: FastifyRequest): string {
  return (request.params as { sid: string }).sid;
}
