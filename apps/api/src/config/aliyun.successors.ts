import { environmentNameOf } from './parameter.decorator.js';

/** What takes the place of the parameters of the former provider, by the end of their names. */
const SUCCESSORS = new Map([
  ['ACCESS_KEY_ID', 'twilio.sms.account_sid'],
  ['ACCESS_KEY_SECRET', 'twilio.sms.auth_token'],
  ['SIGN_NAME', 'twilio.sms.phone_number, or twilio.sms.messaging_service_sid'],
  ['SMS_CODE_TEMPLATE_CODE', 'twilio.sms.template_message, the text itself with %s for the code'],
]);

/** What to set in place of a parameter `aliyun.*`, in any spelling; of most of them, nothing. */
export function successorOf(name: string): string | undefined {
  const key = environmentNameOf(name).replaceAll('-', '_');
  return SUCCESSORS.get(key.replace(/^ALIYUN_(SMS_)?/, ''));
}
