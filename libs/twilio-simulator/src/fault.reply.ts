import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Fault, StatusFault } from './faults.js';
import { TwilioError } from './twilio.errors.js';

/** Answers, or fails to answer, as the fault says. `created` is the JSON of the message when it was accepted. */
export async function misbehave(reply: FastifyReply, fault: Fault, created: string): Promise<void> {
  switch (fault.kind) {
    case 'status':
      return sendStatus(reply, fault);
    case 'redirect':
      await reply.code(307).header('location', fault.location).send();
      return;
    case 'hang':
      reply.hijack();
      return;
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return;
    case 'truncate':
      return sendHalf(reply, Buffer.from(created), fault.lyingLength ?? true);
    case 'drip':
      reply.code(201).type('application/json').header('content-length', Buffer.byteLength(created));
      await reply.send(Readable.from(drip(Buffer.from(created), fault.everyMs)));
      return;
    case 'delay':
      await sleep(fault.ms, undefined, { ref: false });
      return sendCreated(reply, created);
    case 'messageStatus':
    case 'callbacks':
      return sendCreated(reply, created);
  }
}

export async function sendCreated(reply: FastifyReply, created: string): Promise<void> {
  await reply.code(201).type('application/json').send(created);
}

async function sendStatus(reply: FastifyReply, fault: StatusFault): Promise<void> {
  reply.code(fault.status).headers(fault.headers ?? {});
  if (fault.body === undefined) {
    await reply.send(TwilioError.ofStatus(fault.status, fault.code, fault.message).toBody());
  } else {
    await reply.type(fault.contentType ?? 'text/html').send(fault.body);
  }
}

async function sendHalf(reply: FastifyReply, created: Buffer, lyingLength: boolean): Promise<void> {
  const half = created.subarray(0, Math.floor(created.length / 2));
  if (!lyingLength) {
    await reply.code(201).type('application/json').send(half);
    return;
  }
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value ?? '');
  reply.raw.writeHead(201, { 'content-type': 'application/json', 'content-length': created.length });
  reply.raw.write(half, () => reply.raw.socket?.destroy());
}

async function* drip(bytes: Buffer, everyMs: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < bytes.length; index += 1) {
    yield bytes.subarray(index, index + 1);
    await sleep(everyMs, undefined, { ref: false });
  }
}
