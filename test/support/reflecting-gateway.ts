import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The ways of answering, in turn. */
const ANSWERS: ((reflection: string, to: string, response: ServerResponse) => void)[] = [
  (reflection, _to, response) => response.writeHead(502, { 'content-type': 'text/html' }).end(reflection),
  (reflection, _to, response) => response.writeHead(400).end(problem(20003, reflection)),
  (reflection, _to, response) => response.writeHead(401).end(problem(reflection, reflection)),
  (reflection, _to, response) => response.writeHead(201).end(reflection), // no JSON
  (reflection, _to, response) =>
    response
      .writeHead(201)
      .end(JSON.stringify({ sid: reflection, status: 'failed', error_code: reflection })),
  (reflection, _to, response) =>
    response.writeHead(201).end(JSON.stringify({ sid: reflection, status: reflection, to: reflection })),
  (reflection, _to, response) => response.writeHead(307, { location: `/${encodeURI(reflection)}` }).end(),
  (_reflection, to, response) => response.writeHead(400, { 'twilio-request-id': to.slice(1) }).end(),
];

/** In the place of Twilio, a proxy that answers with what it was sent: address, headers and body. */
export class ReflectingGateway {
  static readonly ways = ANSWERS.length;
  /** The text and the number of each message that it was sent. */
  readonly messages: { to: string; body: string }[] = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));

  static async start(): Promise<ReflectingGateway> {
    const gateway = new ReflectingGateway();
    await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = Buffer.concat(chunks).toString();
    const fields = new URLSearchParams(form);
    const [to, body] = [fields.get('To') ?? '', fields.get('Body') ?? ''];
    const reflection = `${request.url}\n${JSON.stringify(request.headers)}\n${form}\n${to} ${body}`;
    ANSWERS[this.messages.length % ANSWERS.length](reflection, to, response);
    this.messages.push({ to, body });
  }
}

function problem(code: unknown, message: string): string {
  return JSON.stringify({ code, message, more_info: message, status: message });
}
