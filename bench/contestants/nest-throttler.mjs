// A rival: Nest on Express, class-validator, @nestjs/throttler with its Redis storage, the SDK. The code is kept
// readable in Redis, and guesses are not counted. tslib applies the decorators, as in what TypeScript compiles to.
import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import {
  Body,
  Controller,
  HttpCode,
  Module,
  Post,
  UnprocessableEntityException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { IsString, Matches } from 'class-validator';
import { Redis } from 'ioredis';
import { __decorate, __metadata, __param } from 'tslib';
import { sendCode } from './rival-twilio.mjs';

const CODE_TTL_SECONDS = 600;
const PHONE = /^\+[1-9]\d{6,14}$/;

const redis = new Redis(process.env.REDIS_URL);

class SendDto {
  phone;
}
__decorate(
  [IsString(), Matches(PHONE), __metadata('design:type', String)],
  SendDto.prototype,
  'phone',
  void 0,
);

class CheckDto {
  phone;
  code;
}
__decorate(
  [IsString(), Matches(PHONE), __metadata('design:type', String)],
  CheckDto.prototype,
  'phone',
  void 0,
);
__decorate([Matches(/^\d{6}$/), __metadata('design:type', String)], CheckDto.prototype, 'code', void 0);

/** Counts by phone. */
class PhoneThrottlerGuard extends ThrottlerGuard {
  async getTracker(request) {
    return request.body.phone;
  }
}

class VerificationController {
  async send({ phone }) {
    const code = randomInt(1_000_000).toString().padStart(6, '0');
    await redis.set(`code:${phone}`, code, 'EX', CODE_TTL_SECONDS);
    await sendCode(phone, code);
    return { status: 'pending' };
  }

  async check({ phone, code }) {
    if ((await redis.get(`code:${phone}`)) !== code) throw new UnprocessableEntityException();
    await redis.del(`code:${phone}`);
    return { status: 'approved' };
  }
}
__decorate(
  [
    Post('send'),
    UseGuards(PhoneThrottlerGuard),
    __param(0, Body()),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', [SendDto]),
  ],
  VerificationController.prototype,
  'send',
  null,
);
__decorate(
  [
    Post('check'),
    HttpCode(200),
    __param(0, Body()),
    __metadata('design:type', Function),
    __metadata('design:paramtypes', [CheckDto]),
  ],
  VerificationController.prototype,
  'check',
  null,
);
__decorate([Controller()], VerificationController);

class AppModule {}
__decorate(
  [
    Module({
      imports: [
        ThrottlerModule.forRoot({
          throttlers: [
            { name: 'cooldown', ttl: 60_000, limit: 1 },
            { name: 'day', ttl: 86_400_000, limit: 10 },
          ],
          storage: new ThrottlerStorageRedisService(redis),
        }),
      ],
      controllers: [VerificationController],
    }),
  ],
  AppModule,
);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.useGlobalPipes(new ValidationPipe({ whitelist: true }));
await app.listen(Number(process.env.PORT), '127.0.0.1');
