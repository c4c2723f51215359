import { applyDecorators, type Type } from '@nestjs/common';
import type { ApiResponseOptions } from '@nestjs/swagger';
import { ERROR_TITLE, type ErrorCode } from '../errors/error-status.js';
import { Problem } from '../errors/problem.js';
import { PROBLEM_EXAMPLES } from '../errors/problem.examples.js';
import { ApiExtraModels, ApiResponse } from './swagger.decorators.js';

type Headers = NonNullable<ApiResponseOptions['headers']>;
type Response = Required<Pick<ApiResponseOptions, 'description' | 'headers' | 'content'>>;

const PROBLEM_JSON = 'application/problem+json';

const REQUEST_ID: Headers = {
  'X-Request-Id': {
    description: 'The id of this request, also in the log.',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  },
};

/** Headers of some problems. */
const PROBLEM_HEADERS: Partial<Record<ErrorCode, Headers>> = {
  UNAUTHORIZED: {
    'WWW-Authenticate': { required: true, schema: { type: 'string', enum: ['Bearer'] } },
  },
  METHOD_NOT_ALLOWED: {
    Allow: {
      description: 'The methods that the address supports.',
      required: true,
      schema: { type: 'string', example: 'POST' },
    },
  },
};

/**
 * What a route answers when all is well.
 * @param type of the body; undefined for none
 * @param example if the type does not have one
 */
export function ApiAnswer(
  status: number,
  type: Type | undefined,
  description: string,
  example?: string,
): MethodDecorator {
  return ApiResponse({ status, type, description, headers: REQUEST_ID, ...(example && { example }) });
}

/** The problems that a route may answer with. `INTERNAL_ERROR` is one of them everywhere, and need not be named. */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator {
  const responses = problemResponses([...codes, 'INTERNAL_ERROR']);
  return applyDecorators(
    ApiExtraModels(Problem),
    ...[...responses].map(([status, response]) => ApiResponse({ status, ...response })),
  );
}

/** The answers with these codes by their status; several codes may share one, and one code may have several. */
export function problemResponses(codes: readonly ErrorCode[]): Map<number, Response> {
  const examples = codes.flatMap((code) => PROBLEM_EXAMPLES[code]);
  const statuses = [...new Set(examples.map(({ status }) => status))];
  return new Map(
    statuses.map((status) => [status, problemResponse(examples.filter((one) => one.status === status))]),
  );
}

function problemResponse(examples: readonly Problem[]): Response {
  const codes = [...new Set(examples.map(({ code }) => code))];
  const [{ status }] = examples;
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_TITLE[code]}.`).join(' '),
    headers: Object.assign(
      {},
      REQUEST_ID,
      retryAfter(examples),
      ...codes.map((code) => PROBLEM_HEADERS[code]),
    ),
    content: {
      [PROBLEM_JSON]: {
        schema: {
          allOf: [
            { $ref: `#/components/schemas/${Problem.name}` },
            { properties: { status: { enum: [status] }, code: { enum: codes } } },
          ],
        },
        examples: Object.fromEntries(
          examples.map((value) => [nameOf(value, examples), { summary: value.title, value }]),
        ),
      },
    },
  };
}

/** The header is there whenever the body has `retryAfterSeconds`. */
function retryAfter(examples: readonly Problem[]): Headers {
  const waits = examples.filter(({ retryAfterSeconds }) => retryAfterSeconds !== undefined);
  if (waits.length === 0) return {};
  return {
    'Retry-After': {
      description: 'Whole seconds. Later, the same reason does not refuse again.',
      required: waits.length === examples.length,
      schema: { type: 'integer', minimum: 1 },
    },
  };
}

/** The code, and a number from the second example of a code on. */
function nameOf(example: Problem, examples: readonly Problem[]): string {
  const index = examples.filter(({ code }) => code === example.code).indexOf(example);
  return index === 0 ? example.code : `${example.code}_${index + 1}`;
}
