// A rival: Express, rate-limiter-flexible, the SDK. The code is kept readable in Redis, and guesses are not counted.
import { randomInt } from 'node:crypto';
import express from 'express';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { sendCode } from './rival-twilio.mjs';

const CODE_TTL_SECONDS = 600;

const redis = new Redis(process.env.REDIS_URL);
const cooldown = new RateLimiterRedis({ storeClient: redis, keyPrefix: 'cooldown', points: 1, duration: 60 });
const day = new RateLimiterRedis({ storeClient: redis, keyPrefix: 'day', points: 10, duration: 86_400 });

const app = express();
app.use(express.json());

app.post('/send', async (request, response) => {
  const { phone } = request.body;
  if (typeof phone !== 'string' || !/^\+[1-9]\d{6,14}$/.test(phone)) {
    response.status(400).json({ error: 'phone' });
    return;
  }
  try {
    await cooldown.consume(phone);
    await day.consume(phone);
  } catch {
    response.status(429).json({ error: 'too many' });
    return;
  }
  const code = randomInt(1_000_000).toString().padStart(6, '0');
  await redis.set(`code:${phone}`, code, 'EX', CODE_TTL_SECONDS);
  await sendCode(phone, code);
  response.status(201).json({ status: 'pending' });
});

app.post('/check', async (request, response) => {
  const { phone, code } = request.body;
  const expected = await redis.get(`code:${phone}`);
  if (expected === null || expected !== code) {
    response.status(422).json({ error: 'code' });
    return;
  }
  await redis.del(`code:${phone}`);
  response.status(200).json({ status: 'approved' });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
