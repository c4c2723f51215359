import { isIP } from 'node:net';
import { Secret } from '@app/sms';
import { isHostName, isOrigin, isRedisUrl, isSecureOrigin, isSid, MessageTemplate } from '@app/sms/internals';
import { ValidateBy } from 'class-validator';
import { isSupportedCountry } from 'libphonenumber-js/max';

/** Origin of a URL without the slash at its end; what is not an origin stays as it is, for the rules to refuse. */
export function originOf(text: string): string {
  return isOrigin(text) ? new URL(text).origin : text;
}

/** The bare host of an https origin. */
export function hostOf(text: string): string {
  const url = /^https:/i.test(text) ? text : `https://${text}`;
  return isOrigin(url) && !new URL(url).port ? new URL(url).hostname : text;
}

export function Between(least: number, most: number): PropertyDecorator {
  return ValidateBy({
    name: 'between',
    validator: {
      validate: (value: number) => value >= least && value <= most,
      defaultMessage: () => `must be a whole number from ${least} to ${most}`,
    },
  });
}

/** Every character has to reach a header or a key unchanged. */
export function IsCredential(): PropertyDecorator {
  return TextRule('isCredential', (text) =>
    /^[\x21-\x7e]+$/.test(text) ? undefined : 'may contain only printable ASCII characters without spaces',
  );
}

export function HasBytes(least: number): PropertyDecorator {
  return TextRule('hasBytes', (text) => {
    const bytes = Buffer.byteLength(text);
    return bytes >= least ? undefined : `must have at least ${least} bytes, it has ${bytes}`;
  });
}

/** Where the ids of Twilio belong that are taken for one another. */
const SID_KINDS: Readonly<Record<string, string>> = {
  AC: 'an account: it belongs into twilio.sms.account_sid',
  SK: 'an API key: it belongs into twilio.sms.api_key_sid',
  MG: 'a Messaging Service: it belongs into twilio.sms.messaging_service_sid',
  PN: 'a phone number: give the number itself, as twilio.sms.phone_number',
  VA: 'a Verify service, which is not used here',
};

/** An id of Twilio, of one kind. Of another kind, it says where that belongs. */
export function IsSid(prefix: 'AC' | 'SK' | 'MG'): PropertyDecorator {
  return TextRule('isSid', (text) => {
    if (isSid(prefix, text)) return undefined;
    const kind = /^([A-Z]{2})[0-9a-fA-F]{32}$/.exec(text)?.[1];
    const other = kind && SID_KINDS[kind];
    return `must be ${prefix} and 32 hexadecimal digits${other ? `; ${kind} is ${other}` : ''}`;
  });
}

/** No line breaks and no bytes that are not text, as when a binary file was given. */
export function IsOneLine(): PropertyDecorator {
  return TextRule('isOneLine', (text) =>
    /[\p{Cc}\ufffd]/u.test(text) ? 'must be one line of text' : undefined,
  );
}

export function IsTemplate(): PropertyDecorator {
  return TextRule('isTemplate', (text) => MessageTemplate.faultOf(text));
}

export function IsOrigin(): PropertyDecorator {
  return TextRule('isOrigin', (text) =>
    isOrigin(text) ? undefined : 'must be an origin: http or https, host, port, and nothing more',
  );
}

/** Credentials travel over TLS, except to a simulator on the same machine. */
export function IsSecureOrigin(): PropertyDecorator {
  return TextRule('isSecureOrigin', (text) =>
    isSecureOrigin(text)
      ? undefined
      : 'must be an https origin, or an http origin on this machine, without a path',
  );
}

export function IsWebHost(): PropertyDecorator {
  return TextRule('isWebHost', (text) =>
    isHostName(text) ? undefined : 'must be a host or an https origin, without port and path',
  );
}

export function IsBindAddress(): PropertyDecorator {
  return TextRule('isBindAddress', (text) =>
    isIP(text) || isHostName(text) ? undefined : 'must be an address or a host of this machine, without port',
  );
}

export function IsCountry(): PropertyDecorator {
  return TextRule('isCountry', (text) =>
    /^[A-Z]{2}$/.test(text) && isSupportedCountry(text)
      ? undefined
      : 'must be an ISO 3166 code of two capital letters (the United Kingdom is GB)',
  );
}

export function IsRedisUrl(): PropertyDecorator {
  return TextRule('isRedisUrl', (text) => {
    return isRedisUrl(text)
      ? undefined
      : 'must be redis:// or rediss:// and a host; several, comma separated, are one cluster; percent-encode the password';
  });
}

/** A number of proxies alone, or addresses and networks. */
export function IsTrustedProxy(): PropertyDecorator {
  return TextRule('isTrustedProxy', (text, entries) => {
    if (/^\d+$/.test(text) && entries === 1 && Number(text) <= 32) return undefined;
    return isNetwork(text)
      ? undefined
      : 'must be a number of proxies (0 to 32), or addresses and CIDR networks';
  });
}

/** Applies a rule to a text or to each entry of a list, open or secret. The problem it returns never shows the value. */
function TextRule(
  name: string,
  problemOf: (text: string, entries: number) => string | undefined,
): PropertyDecorator {
  const problemIn = (value: unknown): string | undefined => {
    const texts = [value].flat().map((entry) => (entry instanceof Secret ? entry.reveal() : String(entry)));
    const problems = texts.map((text) => problemOf(text, texts.length));
    const first = problems.findIndex((problem) => problem !== undefined);
    return texts.length > 1 && first >= 0 ? `entry ${first + 1}: ${problems[first]}` : problems[first];
  };
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => problemIn(value) === undefined,
      defaultMessage: (rule) => problemIn(rule?.value) ?? 'is not right',
    },
  });
}

function isNetwork(text: string): boolean {
  const [address, bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
