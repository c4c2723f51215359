import type { FastifyError, FastifyPluginAsync } from 'fastify';
import {
  assetRoutes,
  checkFields,
  InputError,
  matching,
  PAGE_HEADERS,
  refuseForeignHosts,
} from '@app/twilio-simulator';
import { fromStatus } from '../../errors/problem.js';
import { sendProblem } from '../../errors/problem.filter.js';
import { pageLinks } from '../page-links.js';
import { countriesByName } from './countries.js';
import { readNumberEntry } from './number-entry.js';
import { renderPlayground } from './playground.page.js';

export interface PlaygroundRoutesOptions {
  /** The host the server was started with, served beside loopback. */
  host: string;
  /** ISO 3166 codes of the countries to choose from; empty means all. */
  countries: readonly string[];
  /** Whether calls to `/v1` need a key, which the page then asks for. */
  asksForApiKey: boolean;
  /** Digits of a code. */
  codeLength: number;
}

const SCRIPTS = [
  'code-field.js',
  'countdown.js',
  'delivery.js',
  'exchanges.js',
  'fictional-number.js',
  'newest-messages.js',
  'number-field.js',
  'playground.js',
  'progress.js',
  'token.js',
];
const NUMBER_BODY = {
  country: matching(/^[A-Z]{2}$/, 'an ISO 3166 code of two letters'),
  text: matching(/^.{0,64}$/s, 'a string of at most 64 characters'),
};

/** A Fastify plugin that serves the page `/` and what it asks for. Its hooks reach no other route. */
export function playgroundRoutes({
  host,
  countries,
  asksForApiKey,
  codeLength,
}: PlaygroundRoutesOptions): FastifyPluginAsync {
  return async (scope) => {
    scope.addHook('onRequest', refuseForeignHosts(host));
    scope.setErrorHandler<FastifyError | InputError>((error, request, reply) => {
      const status = error instanceof InputError ? 400 : (error.statusCode ?? 500);
      sendProblem(reply, request.id, fromStatus(status));
    });
    await scope.register(
      assetRoutes({ folder: new URL('./assets/', import.meta.url), names: SCRIPTS, prefix: '/playground' }),
    );
    const listed = countriesByName(countries);

    scope.get('/', async (request, reply) =>
      reply.headers(PAGE_HEADERS).send(
        renderPlayground({
          countries: listed,
          asksForApiKey,
          codeLength,
          origin: `${request.protocol}://${request.host}`,
          links: pageLinks(scope),
        }),
      ),
    );

    scope.post('/playground/number', async ({ body }) => {
      const { country, text } = checkFields(body, 'the body', NUMBER_BODY) as {
        country: string;
        text: string;
      };
      return readNumberEntry(country, text);
    });
  };
}
