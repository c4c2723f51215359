// A rival: better-auth's phone number plugin behind Express, with Redis as its secondary storage, the SDK. Its limiter
// counts by address and has to be off here, so it asks for no limit at all. Its public route for a check also creates a
// user, and would cost more than the check that is measured.
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { phoneNumber } from 'better-auth/plugins';
import express from 'express';
import { Redis } from 'ioredis';
import { sendCode } from './rival-twilio.mjs';

const redis = new Redis(process.env.REDIS_URL);

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: 'a secret for a benchmark which nobody has to guess',
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  secondaryStorage: {
    get: (key) => redis.get(key),
    set: async (key, value, ttl) =>
      void (await (ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value))),
    delete: async (key) => void (await redis.del(key)),
    getAndDelete: (key) => redis.getdel(key),
  },
  plugins: [
    phoneNumber({
      expiresIn: 600,
      sendOTP: async ({ phoneNumber: phone, code }) => void (await sendCode(phone, code)),
    }),
  ],
});

const app = express();
app.all('/api/auth/{*path}', toNodeHandler(auth));
app.post('/check', express.json(), async (request, response) => {
  const { phone, code } = request.body;
  try {
    await auth.api.consumePhoneNumberOTP({ body: { phoneNumber: phone, code } });
    response.status(200).json({ status: 'approved' });
  } catch {
    response.status(422).json({ error: 'code' });
  }
});
app.listen(Number(process.env.PORT), '127.0.0.1');
