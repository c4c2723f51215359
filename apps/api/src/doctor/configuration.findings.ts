import { successorOf } from '../config/aliyun.successors.js';
import type { ReadParameters } from '../config/load-parameters.js';
import { isOfAliyun } from '../config/unknown-names.js';
import type { Finding } from './finding.js';

const LONGEST_SHOWN = 80;

/** What is wrong with the parameters, each fault on a line of its own. */
export function configurationFindings({ parameters, given, faults, warnings }: ReadParameters): Finding[] {
  const findings: Finding[] = [
    ...faults.map(({ name, problem, example }) => ({
      check: 'configuration',
      result: 'fail' as const,
      seen: `${name}: ${problem}.`,
      fix: `Set it to, for example: ${example}`,
    })),
    ...warnings
      .filter((warning) => !isOfAliyun(warning))
      .map((seen) => ({ check: 'configuration', result: 'warn' as const, seen })),
  ];
  if (findings.length === 0) {
    findings.push({
      check: 'configuration',
      result: 'pass',
      seen: `${given.names.size} parameters are set, each of them in its right format.`,
    });
  }
  return [...findings, ...aliyunFindings(given.spellings), ...demoFindings(parameters.demo)];
}

function aliyunFindings(spellings: readonly string[]): Finding[] {
  const leftovers = [...new Set(spellings)].filter(isOfAliyun);
  return leftovers.map((spelling) => {
    const successor = successorOf(spelling) ?? 'nothing';
    return {
      check: 'aliyun',
      result: 'fail',
      seen: `${spelling.slice(0, LONGEST_SHOWN)} is left over from Aliyun, and is not used.`,
      fix: `Remove it; in its place: ${successor}. For a whole file: npm run migrate:aliyun -- FILE`,
    };
  });
}

function demoFindings(demo: boolean): Finding[] {
  if (!demo) return [];
  return [
    {
      check: 'demo mode',
      result: 'warn',
      seen: 'There are no Twilio credentials, so messages go to the bundled simulator and to nobody else.',
      fix: 'Set twilio.sms.account_sid, twilio.sms.auth_token and twilio.sms.phone_number.',
    },
  ];
}
