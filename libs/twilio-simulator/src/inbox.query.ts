import type { FastifyRequest } from 'fastify';

/** How many messages a list has at most. */
export const MAX_LIMIT = 500;

const PART_OF_A_NUMBER = /^[\d\s+().-]*$/;

export function isPartOfNumber(text: string): boolean {
  return PART_OF_A_NUMBER.test(text);
}

export function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, 'http://inbox').searchParams;
}
