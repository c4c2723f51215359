import { Controller, Get } from '@nestjs/common';
import { ApiAnswer, ApiProblems } from '../docs/api-answer.decorators.js';
import { ApiOperation, ApiTags } from '../docs/swagger.decorators.js';
import { ProofTokens } from './proof-tokens.js';
import { PublicKeys } from './public-keys.dto.js';

@ApiTags('Proof')
@Controller('.well-known/jwks.json')
export class JwksController {
  constructor(private readonly proofs: ProofTokens) {}

  @Get()
  @ApiOperation({ operationId: 'getPublicKeys', summary: 'The keys that proof tokens are checked with' })
  @ApiAnswer(200, PublicKeys, 'The public keys, as a JWK Set (RFC 7517).')
  @ApiProblems()
  get(): Promise<PublicKeys> {
    return this.proofs.publicKeys();
  }
}
