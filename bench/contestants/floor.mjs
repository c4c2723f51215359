// What the machine can do: node:http without a framework, one script per operation, no SDK. It keeps to the rules of the
// field (cooldown, rolling day, a code by its HMAC, counted guesses, a signed proof) and to nothing else that the service
// promises.
import { createHmac, generateKeyPairSync, randomBytes, randomInt, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { Pool } from 'undici';

const PHONE = /^\+[1-9]\d{6,14}$/;
const CHECK = /^\/v1\/verifications\/([\w-]{22})([\w-]{22})\/check$/;
const ACCOUNT = `AC${'0'.repeat(32)}`;
const AUTHORIZATION = `Basic ${Buffer.from(`${ACCOUNT}:not-a-token`).toString('base64')}`;
const TTL_SECONDS = 600;

const tagKey = randomBytes(32);
const macKey = randomBytes(32);
const { privateKey } = generateKeyPairSync('ed25519');
const header = encode({ alg: 'EdDSA', typ: 'JWT', kid: 'floor' });

const twilio = new Pool(process.env.TWILIO_URL, { connections: 256 });
const redis = new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
redis.defineCommand('reserve', { numberOfKeys: 1, lua: script('floor-reserve') });
redis.defineCommand('check', { numberOfKeys: 1, lua: script('floor-check') });

// Connections that have nothing to do are kept as long as Fastify keeps them.
createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    answer(request.url, Buffer.concat(chunks).toString()).then(
      ([status, body]) => write(response, status, body),
      () => write(response, 500, { code: 'INTERNAL_ERROR' }),
    );
  });
}).listen(Number(process.env.PORT), '127.0.0.1');

async function answer(path, body) {
  if (path === '/v1/verifications') return send(JSON.parse(body).phone);
  const match = CHECK.exec(path);
  return match ? check(match[1], match[2], JSON.parse(body).code) : [404, { code: 'NOT_FOUND' }];
}

async function send(phone) {
  if (typeof phone !== 'string' || !PHONE.test(phone)) return [400, { code: 'PHONE_FORMAT_ERROR' }];
  const tag = createHmac('sha256', tagKey).update(phone).digest().toString('base64url', 0, 16);
  const nonce = randomBytes(16);
  const code = randomInt(1_000_000).toString().padStart(6, '0');
  const waitSeconds = await redis.reserve(tag, nonce, macOf(tag, nonce, code), phone);
  if (waitSeconds > 0) return [429, { code: 'TOO_MANY', retryAfterSeconds: waitSeconds }];
  const { statusCode, body } = await twilio.request({
    method: 'POST',
    path: `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
    headers: { authorization: AUTHORIZATION, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      To: phone,
      From: '+12025550199',
      Body: `Your verification code is: ${code}`,
    }).toString(),
  });
  const message = await body.json();
  if (statusCode !== 201 || !message.sid) return [502, { code: 'SMS_SEND_FAILED' }];
  return [201, { id: tag + nonce.toString('base64url'), status: 'pending', expiresInSeconds: TTL_SECONDS }];
}

async function check(tag, nonceText, code) {
  if (typeof code !== 'string' || !/^\d{4,10}$/.test(code)) return [400, { code: 'VALIDATION_FAILED' }];
  const nonce = Buffer.from(nonceText, 'base64url');
  const phone = await redis.check(tag, nonce, macOf(tag, nonce, code));
  if (!phone) return [422, { code: 'SMS_CODE_ERROR' }];
  const id = tag + nonceText;
  return [200, { id, status: 'approved', token: proof(phone, id) }];
}

function macOf(tag, nonce, code) {
  return createHmac('sha256', macKey).update(tag).update(nonce).update(code).digest();
}

function proof(phone, id) {
  const now = Math.floor(Date.now() / 1_000);
  const claims = encode({ purpose: 'register', sub: phone, jti: id, iat: now, exp: now + TTL_SECONDS });
  const signed = `${header}.${claims}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function write(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function script(name) {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
}
