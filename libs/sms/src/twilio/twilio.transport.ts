import { Pool, type Dispatcher } from 'undici';
import { currentDeadline, Deadline } from './deadline.js';
import { neverReached, noUsableAnswer, refusedBy, twilioCodeOf } from './twilio.failure.js';

/** Twilio's answers are about 1 KiB; more than this is not an answer. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_CONNECT_MS = 3_000;
const KEEP_ALIVE_MS = 15_000;
/** A longer `Retry-After` is not passed on: nobody can have meant it. */
const DAY_SECONDS = 24 * 60 * 60;

type FormField = string | number | boolean | undefined;

/** What the SDK hands to its HTTP client. */
export interface TwilioRequest {
  method: string;
  uri: string;
  username?: string;
  password?: string;
  headers?: Record<string, string>;
  data?: Record<string, FormField | FormField[]>;
  params?: Record<string, FormField | FormField[]>;
}

/** What the SDK wants back. */
export interface TwilioResponse {
  statusCode: number;
  body: unknown;
  headers: Record<string, string | string[] | undefined>;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Undefined if the body was cut off, too long, or too late. */
  text: string | undefined;
}

/**
 * The SDK's HTTP client, on a pool of keep-alive connections. It differs from the SDK's own in what a sender of codes
 * needs: a deadline by the clock, a bounded body, no redirects, `Retry-After` and Twilio's request id kept, and errors
 * that say whether the request was written and hold neither credentials nor the message.
 * @throws TwilioFailure for everything but a readable success
 */
export class TwilioTransport {
  readonly #pool: Pool; // its queue holds requests, and so must not print
  private readonly origin: string;

  /**
   * @param baseUrl origin to send to, in place of the SDK's
   * @param timeoutMs for requests outside a send, which have no deadline of their own
   * @param connections at most
   */
  constructor(
    baseUrl: string,
    private readonly timeoutMs: number,
    connections: number,
  ) {
    this.origin = new URL(baseUrl).origin;
    this.#pool = new Pool(this.origin, {
      connections,
      connect: { timeout: Math.min(MAX_CONNECT_MS, timeoutMs) },
      headersTimeout: 0, // the deadline rules
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
  }

  async request(request: TwilioRequest): Promise<TwilioResponse> {
    const deadline = currentDeadline() ?? Deadline.in(this.timeoutMs);
    const { status, headers, text } = await this.exchange(request, deadline);
    const body = parseJson(text);
    const twilioRequestId = requestId(single(headers['twilio-request-id']));
    if (status >= 200 && status < 300) {
      if (typeof body !== 'object' || body === null) throw noUsableAnswer(twilioRequestId);
      return { statusCode: status, body, headers };
    }
    const { code } = (body ?? {}) as { code?: unknown };
    throw refusedBy({
      status,
      twilioCode: twilioCodeOf(code),
      twilioRequestId,
      retryAfterSeconds: retryAfterSeconds(single(headers['retry-after'])),
    });
  }

  /** Waits for requests in flight, then closes the connections. */
  async close(): Promise<void> {
    if (!this.#pool.closed) await this.#pool.close();
  }

  private exchange(request: TwilioRequest, deadline: Deadline): Promise<Answer> {
    const target = new URL(request.uri);
    const query = formEncode(request.params);
    return new Promise((resolve, reject) => {
      const handler = new ExchangeHandler(deadline, resolve, reject);
      this.#pool.dispatch(
        {
          path: target.pathname + (query ? `?${query}` : target.search),
          method: request.method.toUpperCase() as Dispatcher.HttpMethod,
          headers: {
            ...request.headers,
            Authorization: `Basic ${Buffer.from(`${request.username}:${request.password}`).toString('base64')}`,
          },
          body: request.data ? formEncode(request.data) : undefined,
        },
        handler,
      );
    });
  }
}

/** One exchange: knows whether the request was written, and ends by the deadline. */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  private readonly timer: NodeJS.Timeout;
  private controller?: Dispatcher.DispatchController;
  private status?: number;
  private headers: Answer['headers'] = {};
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private over = false;

  constructor(
    private readonly deadline: Deadline,
    private readonly resolve: (answer: Answer) => void,
    private readonly reject: (failure: Error) => void,
  ) {
    this.timer = setTimeout(() => this.giveUp(), deadline.remainingMs);
  }

  /** Connected; the request is about to be written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.over || this.deadline.passed) {
      this.giveUp();
      controller.abort(new Error('past the deadline'));
      return;
    }
    this.controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > MAX_BODY_BYTES) this.giveUp();
    else this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.finish(Buffer.concat(this.chunks).toString('utf8'));
  }

  onResponseError(): void {
    this.finish(undefined);
  }

  private giveUp(): void {
    this.finish(undefined);
    this.controller?.abort(new Error('given up'));
  }

  private finish(text: string | undefined): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    if (this.status !== undefined) this.resolve({ status: this.status, headers: this.headers, text });
    else this.reject(this.controller ? noUsableAnswer() : neverReached());
  }
}

function formEncode(fields: TwilioRequest['data'] = {}): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) for (const one of [value].flat()) form.append(name, String(one));
  }
  return form.toString();
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // a gateway's HTML page, or a body that was cut off
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Undefined for what a proxy put there: it ends up in logs, and may repeat what was sent. */
function requestId(header: string | undefined): string | undefined {
  return header && /^[A-Z]{2}[0-9a-f]{32}$/.test(header) ? header : undefined;
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfterSeconds(header: string | undefined): number | undefined {
  if (!header) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(Math.ceil(seconds), DAY_SECONDS) : undefined;
}
