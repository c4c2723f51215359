import type { SystemParameters } from '../config/system-parameters.js';
import type { Finding } from './finding.js';

/** Limits of ours that let no code out: a 0 means none, never unlimited. */
export function limitsFindings(parameters: SystemParameters): Finding[] {
  const closed: [name: string, limit: number | undefined][] = [
    ['server.sms_max_send_count', parameters.serverSmsMaxSendCount],
    ['server.sms_max_sends_per_source', parameters.serverSmsMaxSendsPerSource],
    ['server.sms_max_sends_total', parameters.serverSmsMaxSendsTotal],
    ['server.sms_max_check_attempts', parameters.serverSmsMaxCheckAttempts],
    ['server.sms_max_failed_checks', parameters.serverSmsMaxFailedChecks],
    ['server.sms_max_failed_checks_per_source', parameters.serverSmsMaxFailedChecksPerSource],
  ];
  const findings: Finding[] = closed
    .filter(([, limit]) => limit === 0)
    .map(([name]) => ({
      check: 'limits',
      result: 'warn',
      seen: `${name} is 0, which allows none at all.`,
      fix: 'Give it the number that you mean, or remove the line for its default.',
    }));
  if (!parameters.serverEnableMobileRegister) {
    findings.push({
      check: 'limits',
      result: 'warn',
      seen: 'server.enable_mobile_register is false, so codes for signing up are refused.',
      fix: 'Set server.enable_mobile_register=true if people are to sign up by phone.',
    });
  }
  return findings.length > 0 ? findings : [{ check: 'limits', result: 'pass', seen: inWords(parameters) }];
}

function inWords(parameters: SystemParameters): string {
  const { serverSmsMaxSendCount, serverSmsCooldownSeconds, serverSmsMaxSendsTotal } = parameters;
  const { serverSmsAllowedCountries: countries } = parameters;
  return [
    `${serverSmsMaxSendCount} codes per phone in 24 hours, ${serverSmsCooldownSeconds} seconds apart`,
    serverSmsMaxSendsTotal === undefined
      ? 'no cap on all together'
      : `${serverSmsMaxSendsTotal} for all together`,
    countries.length > 0 ? `to ${countries.join(', ')} only.` : 'to all countries.',
  ].join('; ');
}
