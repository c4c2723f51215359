import { ApiProperty } from '../docs/swagger.decorators.js';

/** One key that proof tokens are checked with (RFC 8037). */
export class PublicKey {
  @ApiProperty({ enum: ['OKP'] })
  readonly kty: 'OKP';

  @ApiProperty({ enum: ['Ed25519'] })
  readonly crv: 'Ed25519';

  @ApiProperty({
    description: 'The public key, base64url.',
    example: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  })
  readonly x: string;

  @ApiProperty({
    description: 'Names the key in the header of a token.',
    example: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  })
  readonly kid: string;

  @ApiProperty({ enum: ['EdDSA'] })
  readonly alg: 'EdDSA';

  @ApiProperty({ enum: ['sig'] })
  readonly use: 'sig';
}

/** A JWK Set (RFC 7517, section 5). */
export class PublicKeys {
  @ApiProperty({ description: 'Several while server.secret is changed.', type: [PublicKey] })
  readonly keys: readonly PublicKey[];
}
