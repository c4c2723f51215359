import { Module, type FactoryProvider } from '@nestjs/common';
import { RedisStorage, SmsStorage } from '@app/sms/internals';
import { EmbeddedIdempotencyStore } from './embedded-idempotency.store.js';
import { IdempotencyStore } from './idempotency.store.js';
import { IdempotentSends } from './idempotent-sends.js';
import { RedisIdempotencyStore } from './redis-idempotency.store.js';

const idempotencyStore: FactoryProvider = {
  provide: IdempotencyStore,
  inject: [SmsStorage],
  useFactory: (storage: SmsStorage): IdempotencyStore =>
    storage instanceof RedisStorage
      ? new RedisIdempotencyStore(storage)
      : new EmbeddedIdempotencyStore(storage),
};

/** Lets a caller ask for the same send again without sending again. */
@Module({ providers: [IdempotentSends, idempotencyStore], exports: [IdempotentSends] })
export class IdempotencyModule {}
