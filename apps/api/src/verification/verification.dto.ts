import { IsIn, IsString, Matches, ValidateIf } from 'class-validator';
import { PURPOSES, type Purpose } from './purpose.js';

/** Body of `POST /v1/verifications`. */
export class StartVerificationDto {
  /** Phone number in international format. Spaces, dashes, dots and parentheses are removed. */
  @IsString({ message: 'phone must be a string, for example "+12025550123"' })
  readonly phone: string;

  /** What the code is for. */
  @ValidateIf((body: StartVerificationDto) => body.purpose !== undefined)
  @IsIn(PURPOSES, { message: `purpose must be one of ${PURPOSES.join(', ')}` })
  readonly purpose?: Purpose;
}

/** Body of `POST /v1/verifications/{id}/check`. */
export class CheckVerificationDto {
  /** The code from the message. */
  @Matches(/^[0-9]{4,10}$/, { message: 'code must be a string of 4 to 10 digits, as in the message' })
  readonly code: string;
}
