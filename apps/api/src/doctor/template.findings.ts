import { MessageTemplate } from '@app/sms/internals';
import type { SystemParameters } from '../config/system-parameters.js';
import type { Finding } from './finding.js';

const MOST_NAMED = 10;

/** What one code costs. */
export function templateFinding(parameters: SystemParameters): Finding {
  const { serverSmsCodeLength: codeLength } = parameters;
  const template = new MessageTemplate(parameters.twilioSmsTemplateMessage, {
    webOrigin: parameters.twilioSmsWebOrigin,
    androidAppHash: parameters.twilioSmsAndroidAppHash,
  });
  const { encoding, segmentsPerCode: segments, charactersOutsideGsm7: foreign } = template.facts(codeLength);
  const seen =
    `With a code of ${codeLength} digits the text is ${encoding}, ` +
    (segments === 1
      ? '1 segment: each code costs one message'
      : `${segments} segments: each code costs ${segments} messages`) +
    (foreign.length > 0 ? `; outside GSM-7: ${foreign.slice(0, MOST_NAMED).map(named).join(' ')}.` : '.');
  if (segments === 1) return { check: 'template', result: 'pass', seen };
  const fix =
    foreign.length > 0
      ? 'Replace the characters that are named, or shorten twilio.sms.template_message to 70 characters.'
      : 'Shorten twilio.sms.template_message: with the code it may have 160 characters.';
  return { check: 'template', result: 'warn', seen, fix };
}

function named(character: string): string {
  const codePoint = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `${character} (U+${codePoint})`;
}
