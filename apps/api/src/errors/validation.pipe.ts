import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { ApiProperty } from '../docs/swagger.decorators.js';

/** One fault of a request body. */
export class FieldError {
  @ApiProperty({ description: 'JSON Pointer (RFC 6901) to the field; empty for the body as a whole.' })
  readonly pointer: string;

  @ApiProperty({ description: 'What is wrong, without what was sent.' })
  readonly detail: string;
}

/** The body does not have the form of its DTO. */
export class ValidationFailedError extends Error {
  override readonly name = 'ValidationFailedError';
  readonly code = 'VALIDATION_FAILED';
  constructor(readonly errors: readonly FieldError[]) {
    super(errors.map(({ detail }) => detail).join('; '));
  }
}

/** Far more than any body of ours has. */
const MAX_DEPTH = 5;

/** The conversion to a DTO follows a body to its end, and a deep one ends its stack. */
class BoundedValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (isDeeperThan(MAX_DEPTH, value)) {
      const detail = `the body is nested deeper than ${MAX_DEPTH} levels`;
      throw new ValidationFailedError([{ pointer: '', detail }]);
    }
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((entry) => isDeeperThan(levels - 1, entry));
}

/** Bodies are checked against their DTO: unknown properties and wrong types are refused, nothing is converted. */
export function createValidationPipe(): ValidationPipe {
  return new BoundedValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true, // hands on what was checked; else it is converted back, for nothing
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new ValidationFailedError(errors.flatMap(fieldErrors)),
  });
}

function fieldErrors({ property, constraints = {} }: ValidationError): FieldError[] {
  return Object.entries(constraints).map(([rule, detail]) => {
    // The name of a property that we do not know is the caller's text, and is not repeated.
    if (rule === 'whitelistValidation')
      return { pointer: '', detail: 'the body has a property that is not known' };
    return { pointer: `/${property}`, detail };
  });
}
