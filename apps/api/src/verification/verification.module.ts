import { Module, type FactoryProvider } from '@nestjs/common';
import { RedisStorage, SmsStorage } from '@app/sms/internals';
import { CallerModule } from '../caller/caller.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { ProofModule } from '../proof/proof.module.js';
import { CheckingService } from './checking.service.js';
import { Deliveries } from './deliveries.js';
import { EmbeddedVerificationStore } from './embedded-verification.store.js';
import { RedisVerificationStore } from './redis-verification.store.js';
import { SendingService } from './sending.service.js';
import { SignUpConfigController } from './sign-up-config.controller.js';
import { VerificationController } from './verification.controller.js';
import { VerificationOutcomes } from './verification.outcomes.js';
import { VerificationStore } from './verification.store.js';

/** Codes are kept where the limits are kept, so that both are written in one trip. */
const verificationStore: FactoryProvider = {
  provide: VerificationStore,
  inject: [SmsStorage],
  useFactory: (storage: SmsStorage): VerificationStore =>
    storage instanceof RedisStorage
      ? new RedisVerificationStore(storage)
      : new EmbeddedVerificationStore(storage),
};

/** Sends codes to phones and checks them. */
@Module({
  imports: [CallerModule, IdempotencyModule, MetricsModule, ProofModule],
  controllers: [VerificationController, SignUpConfigController],
  providers: [SendingService, CheckingService, VerificationOutcomes, Deliveries, verificationStore],
  exports: [Deliveries],
})
export class VerificationModule {}
