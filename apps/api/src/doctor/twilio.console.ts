/** Pages of the Twilio console where things are mended. */
export const CONSOLE = {
  home: 'https://console.twilio.com',
  credentials: 'https://console.twilio.com/us1/account/keys-credentials/api-keys',
  numbers: 'https://console.twilio.com/us1/develop/phone-numbers/manage/incoming',
  verifiedPhones: 'https://console.twilio.com/us1/develop/phone-numbers/manage/verified',
  services: 'https://console.twilio.com/us1/develop/sms/services',
  geoPermissions: 'https://console.twilio.com/us1/develop/sms/settings/geo-permissions',
  registration: 'https://console.twilio.com/us1/develop/sms/regulatory-compliance',
  messageLog: 'https://console.twilio.com/us1/monitor/logs/sms',
  status: 'https://status.twilio.com',
} as const;
