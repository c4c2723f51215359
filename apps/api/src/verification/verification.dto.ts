import { IsIn, IsString, Matches, ValidateIf } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '../docs/swagger.decorators.js';
import { DELIVERIES, type Delivery } from './delivery.js';
import { PURPOSES, type Purpose } from './purpose.js';
import { VERIFICATION_STATUSES, type VerificationStatus } from './verification.rule.js';

const CODE = /^[0-9]{4,10}$/;

/** How the id is described, in addresses and in answers. */
export const VERIFICATION_ID = {
  description: 'The id of the verification. Only whoever asked for the code knows it.',
  example: 'rDvJduOdDzuuhUt7hhoZxA7bVid6Un5O2iPb9EDaxu1w',
};
const MASKED_PHONE = { description: 'The phone, masked.', example: '+1202*****23' };
const PURPOSE = { description: 'What the code is for.', enum: PURPOSES, enumName: 'Purpose' };
const EXPIRES_AT = {
  description: 'Until when the code can be accepted.',
  format: 'date-time',
  example: '2026-01-01T00:10:00.000Z',
};

/** Body of `POST /v1/verifications`. */
export class StartVerificationDto {
  @ApiProperty({
    description:
      'Phone number in international format. Spaces, dashes, dots and parentheses are removed. There is no default country.',
    example: '+12025550123',
  })
  @IsString({ message: 'phone must be a string, for example "+12025550123"' })
  readonly phone: string;

  // Not as a default: clients that are generated would then have to send it.
  @ApiPropertyOptional({ ...PURPOSE, description: 'What the code is for; register if it is not given.' })
  @ValidateIf((body: StartVerificationDto) => body.purpose !== undefined)
  @IsIn(PURPOSES, { message: `purpose must be one of ${PURPOSES.join(', ')}` })
  readonly purpose?: Purpose;
}

/** Body of `POST /v1/verifications/{id}/check`. */
export class CheckVerificationDto {
  @ApiProperty({ description: 'The code from the message.', pattern: CODE.source, example: '123456' })
  @Matches(CODE, { message: 'code must be a string of 4 to 10 digits, as in the message' })
  readonly code: string;
}

/** A code was sent. */
export class StartedVerification {
  @ApiProperty(VERIFICATION_ID)
  readonly id: string;

  @ApiProperty(MASKED_PHONE)
  readonly phone: string;

  @ApiProperty(PURPOSE)
  readonly purpose: Purpose;

  @ApiProperty({ enum: ['pending'] })
  readonly status: 'pending';

  @ApiProperty({ description: 'Digits of the code.', type: 'integer', minimum: 4, maximum: 10, example: 6 })
  readonly codeLength: number;

  @ApiProperty(EXPIRES_AT)
  readonly expiresAt: string;

  @ApiProperty({
    description: 'Seconds until another code can be sent to the phone.',
    type: 'integer',
    minimum: 0,
    example: 60,
  })
  readonly resendAfterSeconds: number;
}

/** The code was right. */
export class ApprovedVerification {
  @ApiProperty(VERIFICATION_ID)
  readonly id: string;

  @ApiProperty({ enum: ['approved'] })
  readonly status: 'approved';

  @ApiProperty({
    description:
      'The proof for the service that goes on with it: a JWT (EdDSA) with sub (the phone), purpose and jti (the id), valid for 10 minutes.',
    pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$',
    example: 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIrMTIwMjU1NTAxMjMifQ.c2lnbmF0dXJl',
  })
  readonly token: string;
}

/** What became of a verification. */
export class VerificationView {
  @ApiProperty(VERIFICATION_ID)
  readonly id: string;

  @ApiProperty(MASKED_PHONE)
  readonly phone: string;

  @ApiProperty(PURPOSE)
  readonly purpose: Purpose;

  @ApiProperty({ description: 'What became of the code.', enum: VERIFICATION_STATUSES })
  readonly status: VerificationStatus;

  @ApiProperty({ description: 'How far the message got.', enum: DELIVERIES, example: 'queued' })
  readonly delivery: Delivery;

  @ApiProperty({ description: 'The same in words.', example: 'The SMS provider accepted the message.' })
  readonly deliveryReason: string;

  @ApiProperty(EXPIRES_AT)
  readonly expiresAt: string;
}
