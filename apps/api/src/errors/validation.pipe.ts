import { ValidationPipe, type ValidationError } from '@nestjs/common';
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

/** Bodies are checked against their DTO: unknown properties and wrong types are refused, nothing is converted. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
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
