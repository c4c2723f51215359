import { Module } from '@nestjs/common';
import { VerificationModule } from '../verification/verification.module.js';
import { StatusCallbackController } from './status-callback.controller.js';

/** What Twilio calls. Part of the app only with `server.public_url`. */
@Module({ imports: [VerificationModule], controllers: [StatusCallbackController] })
export class WebhooksModule {}
