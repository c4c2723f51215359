import { describe, expect, it } from '@jest/globals';
import { readParameters, type ReadParameters } from '../config/load-parameters.js';
import { configurationFindings } from './configuration.findings.js';
import { limitsFindings } from './limits.findings.js';
import { nodeFinding } from './node.findings.js';
import { publicUrlFinding } from './public-url.findings.js';
import { templateFinding } from './template.findings.js';

function read(environment: Record<string, string>): ReadParameters {
  return readParameters({ environment, envFile: '/nonexistent/.env' });
}

describe('The version of Node', () => {
  it.each([
    ['20.19.0', 'pass'],
    ['24.1.0', 'pass'],
    ['20.18.9', 'fail'],
    ['18.20.0', 'fail'],
  ])('%s: %s', (version, result) => {
    expect(nodeFinding(version).result).toBe(result);
  });
});

describe('The template', () => {
  const of = (template: string, more: Record<string, string> = {}) =>
    templateFinding(read({ TWILIO_SMS_TEMPLATE_MESSAGE: template, ...more }).parameters);

  it('of one segment passes, whatever its alphabet', () => {
    expect(of('Your code is %s')).toMatchObject({
      result: 'pass',
      seen: expect.stringContaining('GSM-7, 1 segment'),
    });
    expect(of('验证码：%s')).toMatchObject({
      result: 'pass',
      seen: expect.stringContaining('UCS-2, 1 segment'),
    });
  });

  it('that costs more names what makes it so', () => {
    const long = `${'a'.repeat(60)} ‘%s’ ‘’`;
    const { result, seen, fix } = of(long);
    expect(result).toBe('warn');
    expect(seen).toMatch(
      /UCS-2, 2 segments: each code costs 2 messages; outside GSM-7: ‘ \(U\+2018\) ’ \(U\+2019\)\./,
    );
    expect(fix).toMatch(/Replace the characters/);
    expect(of(`${'a'.repeat(160)}%s`).fix).toMatch(/^Shorten/);
  });

  it('is counted with the lines for browsers and for Android', () => {
    const template = 'a'.repeat(140) + '%s';
    expect(of(template).result).toBe('pass');
    expect(of(template, { TWILIO_SMS_WEB_ORIGIN: 'example.com' }).result).toBe('warn');
  });
});

describe('Limits', () => {
  it('of 0 are told to let nothing out', () => {
    const { parameters } = read({ SERVER_SMS_MAX_SEND_COUNT: '0', SERVER_ENABLE_MOBILE_REGISTER: 'true' });
    expect(limitsFindings(parameters)).toEqual([
      expect.objectContaining({
        result: 'warn',
        seen: expect.stringContaining('server.sms_max_send_count is 0'),
      }),
    ]);
  });

  it('that keep people from signing up are told', () => {
    const { parameters } = read({ TWILIO_SMS_ACCOUNT_SID: `AC${'0'.repeat(32)}` });
    expect(limitsFindings(parameters)).toEqual([
      expect.objectContaining({
        result: 'warn',
        fix: expect.stringContaining('server.enable_mobile_register=true'),
      }),
    ]);
  });
});

describe('A public URL', () => {
  const of = (url: string, more: Record<string, string> = {}) =>
    publicUrlFinding(read({ SERVER_PUBLIC_URL: url, ...more }).parameters);

  it('has to be one that Twilio can reach', () => {
    expect(of('https://verify.example.com').result).toBe('pass');
    expect(of('http://verify.example.com').result).toBe('warn');
  });

  it.each(['http://127.0.0.1:3000', 'https://10.0.0.5', 'https://192.168.1.2', 'https://[fd00::1]'])(
    '%s is no address of the internet',
    (url) => expect(of(url).result).toBe('fail'),
  );

  it.each(['https://api', 'https://verify.local', 'https://verify.internal'])(
    '%s is no name of the internet',
    (url) => expect(of(url).result).toBe('fail'),
  );

  it('of this machine is right with a simulator on it', () => {
    expect(of('http://127.0.0.1:3000', { TWILIO_SMS_BASE_URL: 'http://127.0.0.1:4010' }).result).toBe('pass');
  });
});

describe('The configuration', () => {
  it('tells every fault, with what is right and without the value', () => {
    const findings = configurationFindings(
      read({ TWILIO_SMS_ACCOUNT_SID: 'birdsong', TWILIO_SMS_AUTH_TOKEN: 'your-auth-token', PORT: 'x' }),
    );
    expect(findings.filter(({ result }) => result === 'fail').map(({ seen }) => seen.split(':')[0])).toEqual([
      'twilio.sms.account_sid',
      'twilio.sms.auth_token',
      'twilio.sms.phone_number',
      'PORT',
    ]);
    expect(JSON.stringify(findings)).not.toContain('birdsong');
  });

  it('tells each leftover of Aliyun once, with what takes its place', () => {
    const findings = configurationFindings(
      read({ ALIYUN_SMS_ACCESS_KEY_ID: 'birdsong', 'aliyun.sms.sign_name': 'birdsong', ALIYUN_REGION: 'x' }),
    ).filter(({ check }) => check === 'aliyun');
    expect(findings.map(({ fix }) => /^Remove it; in its place: (.+?)\. For/.exec(fix!)?.[1])).toEqual([
      'twilio.sms.account_sid',
      'twilio.sms.phone_number, or twilio.sms.messaging_service_sid',
      'nothing',
    ]);
    expect(JSON.stringify(findings)).not.toContain('birdsong');
  });
});
