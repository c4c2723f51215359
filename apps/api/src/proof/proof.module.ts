import { Module } from '@nestjs/common';
import { JwksController } from './jwks.controller.js';
import { ProofTokens } from './proof-tokens.js';

/** Signs proofs that a phone was verified, and publishes the keys to check them with. */
@Module({ controllers: [JwksController], providers: [ProofTokens], exports: [ProofTokens] })
export class ProofModule {}
