// Kills its process at a point of a send. Node loads this before the built API: see killed-at.ts.
// The first request with an Idempotency-Key arms it, so that the process can send as usual before.
import { subscribe } from 'node:diagnostics_channel';
import { ServerResponse } from 'node:http';

const { KILL_POINT: point, KILL_STORE: store } = process.env;

const load = (path) => import(new URL(`../../../dist/${path}`, import.meta.url));
const isRedis = store === 'redis';
const [limits, verifications, keys, { TwilioTransport }] = await Promise.all([
  load(`libs/sms/src/rate-limit/${store}.store.js`),
  load(`apps/api/src/verification/${store}-verification.store.js`),
  load(`apps/api/src/idempotency/${store}-idempotency.store.js`),
  load('libs/sms/src/twilio/twilio.transport.js'),
]);
const RateLimitStore = isRedis ? limits.RedisRateLimitStore : limits.EmbeddedRateLimitStore;
const VerificationStore = isRedis
  ? verifications.RedisVerificationStore
  : verifications.EmbeddedVerificationStore;
const IdempotencyStore = isRedis ? keys.RedisIdempotencyStore : keys.EmbeddedIdempotencyStore;

let armed = false;
subscribe('http.server.request.start', ({ request }) => {
  armed ||= 'idempotency-key' in request.headers;
});

function strike() {
  process.kill(process.pid, 'SIGKILL');
}

/** Strikes instead of doing it. */
function before({ prototype }, method) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    if (armed) strike();
    return original.apply(this, args);
  };
}

/** Does it, and strikes. */
function after({ prototype }, method) {
  const original = prototype[method];
  prototype[method] = async function (...args) {
    const result = await original.apply(this, args);
    if (armed) strike();
    return result;
  };
}

/** Never does it. */
function never({ prototype }, method) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    return armed ? new Promise(() => {}) : original.apply(this, args);
  };
}

const POINTS = {
  'before reserve': () => before(RateLimitStore, 'reserve'),
  'code stored, nothing reserved': () => {
    never(RateLimitStore, 'reserve');
    after(VerificationStore, 'open');
  },
  'after reserve': () => after(RateLimitStore, 'reserve'),
  'before the request': () => before(TwilioTransport, 'request'),
  'request written': () => subscribe('undici:request:bodySent', () => armed && strike()),
  'before the outcome': () => before(RateLimitStore, 'keep'),
  'outcome recorded': () => before(IdempotencyStore, 'answer'),
  'before the answer': () => before(ServerResponse, 'writeHead'),
  'before the release': () => before(RateLimitStore, 'release'),
  'after the release': () => before(IdempotencyStore, 'free'),
};

POINTS[point]();
