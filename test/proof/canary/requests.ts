import { wrongCode } from '../../support/api.js';
import { speak } from '../../support/raw-http.js';
import type { CanaryScenario, Sent } from './scenario.js';

const CALLBACK_PATH = '/webhooks/twilio/status';

export async function verification(scenario: CanaryScenario): Promise<Sent> {
  const sent = await scenario.send();
  await scenario.check(sent.id, wrongCode(sent.code));
  await scenario.check(sent.id, sent.code);
  await scenario.check(sent.id, sent.code);
  await scenario.ask('GET', `/v1/verifications/${sent.id}`);
  await scenario.ask('POST', '/v1/verifications', { phone: sent.phone });
  return sent;
}

export async function idempotentSends(scenario: CanaryScenario): Promise<void> {
  const key = { 'idempotency-key': scenario.newPhone() };
  const { phone } = await scenario.send(key);
  await scenario.ask('POST', '/v1/verifications', { phone }, key);
  await scenario.ask('POST', '/v1/verifications', { phone, purpose: 'login' }, key);
}

export async function wrongApiKeys(scenario: CanaryScenario): Promise<void> {
  const { phone, id, code } = await scenario.send();
  for (const key of [
    `${scenario.secrets['server.api_key']}x`,
    scenario.secrets['wrong API key'],
    code,
    phone,
  ]) {
    await scenario.ask('GET', `/v1/verifications/${id}`, undefined, { authorization: `Bearer ${key}` });
    await scenario.ask(
      'POST',
      '/v1/verifications',
      { phone },
      { authorization: `Basic ${btoa(`${phone}:${key}`)}` },
    );
  }
}

/** Numbers and codes where they do not belong, and texts that would write lines of their own into a log. */
export async function hostileRequests(scenario: CanaryScenario): Promise<void> {
  const { phone, id, code } = await scenario.send();
  const line = `\r\n{"level":"fatal","event":"forged","phone":"${phone}"}\u001b[31m\u202e`;
  for (const path of [
    `/v1/verifications?phone=${encodeURIComponent(phone)}&code=${code}`,
    `/v1/verifications/${phone}`,
    `/v1/verifications/${id}?code=${code}`,
    `/${phone}/${code}${encodeURIComponent(line)}`,
    `/v1/config?${code}`,
    `/%zz${phone}`,
  ]) {
    for (const method of ['GET', 'POST', 'PUT'])
      await scenario.ask(method, path, method === 'GET' ? undefined : {});
  }
  for (const body of [
    { phone: Number(phone) },
    { phone: [phone, phone] },
    { phone: { [phone]: code } },
    { phone: phone + line },
    { phone, purpose: phone },
    { phone, purpose: line },
    { phone, code },
    { [phone]: code },
    { [line]: line },
    `{"phone":"${phone}`,
    `${phone}${line}`,
    `"${phone}"`,
    `{"phone":"${phone}","__proto__":{"${phone}":"${code}"}}`,
    `{"phone":"${phone.repeat(1_000)}"}`,
  ]) {
    await scenario.ask('POST', '/v1/verifications', body);
  }
  for (const wrong of [Number(code), [code], { code }, `${code}${line}`, `${code} `, phone, null]) {
    await scenario.ask('POST', `/v1/verifications/${id}/check`, { code: wrong });
  }
  await scenario.ask('POST', `/v1/verifications/${phone}/check`, { code });
  for (const name of [
    'idempotency-key',
    'x-request-id',
    'x-client-address',
    'x-forwarded-for',
    'user-agent',
    'content-type',
    'traceparent',
    'origin',
    'cookie',
    `x-${code}`,
  ]) {
    await scenario.ask('POST', '/v1/verifications', { phone: `${phone}x` }, { [name]: `${phone} ${code}` });
  }
  for (const request of [
    `${phone} / HTTP/1.1\r\n\r\n`,
    `GET /${phone} HTTP/9.9\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: ${phone}:${code}\r\n${phone}\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${phone.repeat(2_000)}\r\n\r\n`,
    `POST /v1/verifications HTTP/1.1\r\nhost: x\r\ncontent-length: ${phone}\r\n\r\n${phone}`,
    `POST /v1/verifications HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${phone}\r\n`,
    `POST /v1/verifications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"phone":"${phone}"`,
  ]) {
    scenario.keep('answers', await speak(scenario.url, request));
  }
}

export async function callbacks(scenario: CanaryScenario): Promise<void> {
  const { phone, code } = await scenario.send();
  const { id: sid } = scenario.simulator.inbox.latest(phone)!;
  const callback = new URL(scenario.simulator.statusCallbackOf(sid)!);
  await scenario.simulator.report(sid, 'sent');
  await scenario.simulator.report(sid, 'undelivered', 30006, scenario.secrets['former auth token']);
  const form = new URLSearchParams({
    To: phone,
    Body: code,
    MessageStatus: `${phone}\n`,
    MessageSid: phone,
  });
  for (const [path, signature] of [
    [callback.pathname + callback.search, scenario.secrets['auth token']],
    [`${CALLBACK_PATH}?id=${phone}&id=${code}`, btoa(phone)],
    [CALLBACK_PATH, ''],
  ]) {
    await scenario.ask('POST', path, form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signature,
    });
  }
}

/** What anybody may read. */
export async function publishedPages(scenario: CanaryScenario): Promise<void> {
  for (const path of [
    '/metrics',
    '/openapi.json',
    '/docs',
    '/livez',
    '/readyz',
    '/v1/config',
    '/.well-known/jwks.json',
  ]) {
    await scenario.ask('GET', path);
  }
}
