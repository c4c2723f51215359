import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SmsService } from '@app/sms';
import { AppModule } from './app.module.js';
import { ApiKeys } from './caller/api-keys.js';
import type { SystemParameters } from './config/system-parameters.js';
import { addDocs } from './docs/docs.routes.js';
import { commonHeaders } from './errors/common-headers.js';
import { fromStatus } from './errors/problem.js';
import { sendProblem } from './errors/problem.filter.js';
import { RouteTable } from './errors/route-table.js';
import { logAnswer } from './logging/access-log.js';
import { JsonLogger } from './logging/json.logger.js';
import { Metrics } from './metrics/metrics.js';
import { acceptTwilioForms } from './webhooks/form-parser.js';

const MAX_BODY_BYTES = 8 * 1024;
/** An id of any length is one that does not exist. */
const MAX_PARAM_LENGTH = 16 * 1024;
/** For the whole request to arrive; a slow one holds a connection no longer. */
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** How often slow connections are looked for; Node's own 30 seconds would let them stay as long. */
const CONNECTIONS_CHECK_MS = 1_000;
/** After the answer to a request that cannot be read. */
const LINGER_MS = 1_000;
const PREFLIGHT_SECONDS = 600;

/** The API, ready to listen. */
export async function createApp(parameters: SystemParameters): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      requireHostHeader: false, // our own check answers as everything else does
    },
    genReqId: () => randomUUID(),
    clientErrorHandler: refuseUnreadable,
    return503OnClosing: false, // what still comes is answered as ever: sends are refused by the library
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, request.id, fromStatus(error.statusCode ?? 400)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(parameters), adapter, {
    logger: new JsonLogger(parameters.logLevel),
    bodyParser: false, // Fastify's own, see below
    abortOnError: false,
  });
  const server = adapter.getInstance();
  const [metrics, sms] = [app.get(Metrics), app.get(SmsService)];
  metrics.watchLoad(() => sms.load);
  addCommonHooks(server, app.get(RouteTable), metrics);
  letClientsGo(server, sms);
  if (parameters.serverPublicUrl !== undefined) acceptTwilioForms(server);
  allowOrigins(app, parameters.serverCorsOrigins);
  askForApiKey(server, app.get(ApiKeys));
  addDocs(app);
  return app;
}

/** Bodies are checked by their DTO. Fastify's compilers of schemas take a while to load, and are not loaded. */
function noSchemas(): never {
  throw new Error('Routes have no schema: their bodies are checked by a DTO.');
}

/** Browsers of these origins may call; without any, browsers may not call from elsewhere. */
function allowOrigins(app: NestFastifyApplication, origins: string[]): void {
  if (origins.length === 0) return;
  app.enableCors({
    origin: origins,
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key'],
    exposedHeaders: ['retry-after', 'x-request-id'],
    maxAge: PREFLIGHT_SECONDS,
  });
}

/** Before the body is read, and for every address below /v1, whether it exists or not. */
function askForApiKey(server: FastifyInstance, keys: ApiKeys): void {
  if (!keys.required) return;
  server.addHook('onRequest', (request, reply, done) => {
    const isPreflight = request.method === 'OPTIONS';
    // The route, as the router understood the address: %76 is a v to it.
    const address = request.routeOptions.url ?? request.url;
    const asksForKey = /^\/v1(\/|\?|$)/.test(address) && !isPreflight;
    if (!asksForKey || keys.holderOf(request.headers.authorization) !== undefined) {
      done();
      return;
    }
    void reply.header('www-authenticate', 'Bearer');
    sendProblem(reply, request.id, fromStatus(401));
  });
}

/** While the app closes, connections that are kept alive end with their next answer. */
function letClientsGo(server: FastifyInstance, sms: SmsService): void {
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (sms.isClosing) void reply.header('connection', 'close');
    done();
  });
}

function addCommonHooks(server: FastifyInstance, routes: RouteTable, metrics: Metrics): void {
  // JSON only, by Fastify's own parser, which refuses prototype poisoning.
  server.removeContentTypeParser('text/plain');
  server.addHook('onRoute', (route) => routes.add(route));
  server.addHook('onRequest', (request, reply, done) => {
    if (!hasOneHost(request.raw)) {
      reply.hijack();
      reply.raw.statusCode = 400; // for the log
      refuseUnreadable(undefined, request.raw.socket);
      request.raw.resume();
      return;
    }
    void reply.headers(commonHeaders(request.id));
    done();
  });
  // An expectation that is not known may be ignored (RFC 9110, 10.1.1). Node would answer by itself, with nothing.
  server.server.on('checkExpectation', (request, response) =>
    server.server.emit('request', request, response),
  );
  server.addHook('onResponse', (request, reply, done) => {
    metrics.httpAnswer({
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
    });
    logAnswer(request, reply);
    done();
  });
}

/** As RFC 9112, 3.2, demands since HTTP/1.1. */
function hasOneHost({ httpVersion, rawHeaders }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  return hosts.length === 1 || (httpVersion === '1.0' && hosts.length === 0);
}

/** A request that is not HTTP, or whose headers are too large or too slow, never becomes a request. */
function refuseUnreadable(_error: Error | undefined, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const problem = JSON.stringify({ ...fromStatus(400), requestId });
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(problem),
    connection: 'close',
    ...commonHeaders(requestId),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(['HTTP/1.1 400 Bad Request', ...lines, '', problem].join('\r\n'));
  // What the client still sends is read for a moment, else it may lose the answer (RFC 9112, 9.6); but not for longer.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
