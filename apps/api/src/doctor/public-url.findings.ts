import { isLoopback } from '@app/sms/internals';
import ipaddr from 'ipaddr.js';
import type { SystemParameters } from '../config/system-parameters.js';
import type { Finding } from './finding.js';

const CHECK = 'public url';

/** Whether the address can work at all. */
export function publicUrlFinding({ serverPublicUrl, twilioSmsBaseUrl }: SystemParameters): Finding {
  if (serverPublicUrl === undefined) {
    return {
      check: CHECK,
      result: 'pass',
      seen: 'server.public_url is not set: Twilio is asked what became of a message, and does not report it.',
    };
  }
  const { protocol, hostname } = new URL(serverPublicUrl);
  const isSimulated = isLoopback(new URL(twilioSmsBaseUrl).hostname);
  if (isInternal(hostname) && !isSimulated) {
    return {
      check: CHECK,
      result: 'fail',
      seen: 'server.public_url is an address of this machine or network, which Twilio cannot reach.',
      fix: 'Set server.public_url to the https origin under which the internet reaches this service.',
    };
  }
  return protocol === 'https:' || isSimulated
    ? { check: CHECK, result: 'pass', seen: `${serverPublicUrl} has the right format.` }
    : {
        check: CHECK,
        result: 'warn',
        seen: 'server.public_url is not https, so callbacks travel in the clear; production refuses it.',
        fix: 'Set server.public_url to an https origin.',
      };
}

/** Loopback and private addresses, and names that no public DNS knows (RFC 6761, RFC 6762, RFC 8375). */
function isInternal(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() !== 'unicast';
  return !host.includes('.') || /\.(localhost|local|internal|home\.arpa)$/.test(host);
}
