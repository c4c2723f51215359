import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { TwilioError } from './twilio.errors.js';

/** The one account that is served. */
export interface TwilioAccount {
  readonly accountSid: string;
  readonly authToken: string;
  /** Its one number. */
  readonly phoneNumber: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Accepted beside the account and its token. */
  readonly apiKey?: { sid: string; secret: string };
}

/** Credentials that nobody gave, and that nobody but the simulator has to keep. */
export interface MadeUpCredentials {
  readonly accountSid?: string;
  readonly authToken?: string;
}

/** Makes up what was not given, unless an earlier simulator did. */
export function makeUpCredentials(
  given: MadeUpCredentials,
  kept: MadeUpCredentials | undefined,
): MadeUpCredentials {
  return {
    accountSid: madeUp(given.accountSid, kept?.accountSid, () => `AC${randomBytes(16).toString('hex')}`),
    authToken: madeUp(given.authToken, kept?.authToken, () => randomBytes(16).toString('hex')),
  };
}

function madeUp(given: string | undefined, kept: string | undefined, make: () => string): string | undefined {
  if (given === undefined) return kept ?? make();
  return kept === given ? undefined : kept;
}

/** @throws TwilioError 20003 for an API key: a standard one may not look at the account itself */
export function refuseApiKey(request: FastifyRequest, { apiKey }: TwilioAccount): void {
  const isApiKey = apiKey && readBasic(request.headers.authorization)?.startsWith(`${apiKey.sid}:`);
  if (isApiKey) throw TwilioError.ofStatus(401);
}

/** @throws TwilioError 20003 for wrong credentials, 20404 for the account of somebody else */
export function authenticate(request: FastifyRequest, account: TwilioAccount): void {
  const { accountSid, authToken, apiKey } = account;
  const credentials = readBasic(request.headers.authorization);
  const isKnown =
    credentials === `${accountSid}:${authToken}` ||
    (apiKey !== undefined && credentials === `${apiKey.sid}:${apiKey.secret}`);
  if (!isKnown) throw TwilioError.ofStatus(401);
  const { accountSid: asked = accountSid } = request.params as { accountSid?: string };
  if (asked !== accountSid) throw TwilioError.notFound(request.url);
}

function readBasic(header: string | undefined): string | undefined {
  const encoded = /^basic ([\w+/]+=*)$/i.exec(header ?? '')?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
}
