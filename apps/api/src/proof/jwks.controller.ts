import { Controller, Get } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';
import { ProofTokens } from './proof-tokens.js';

@Controller('.well-known/jwks.json')
export class JwksController {
  constructor(private readonly proofs: ProofTokens) {}

  /** The public keys of the proof tokens. */
  @Get()
  get(): Promise<JSONWebKeySet> {
    return this.proofs.publicKeys();
  }
}
