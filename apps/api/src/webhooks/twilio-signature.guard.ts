import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { SystemParameters } from '../config/system-parameters.js';
import { TwilioSignature } from './twilio-signature.js';

/** Lets in what Twilio signed; everything else is answered 403. */
@Injectable()
export class TwilioSignatureGuard implements CanActivate {
  private readonly logger = new Logger(TwilioSignatureGuard.name);
  private readonly signature: TwilioSignature;

  constructor({ serverPublicUrl, twilioSmsAuthToken }: SystemParameters) {
    this.signature = new TwilioSignature(serverPublicUrl!, twilioSmsAuthToken);
  }

  canActivate(context: ExecutionContext): boolean {
    const { id, headers, url, body } = context.switchToHttp().getRequest<FastifyRequest>();
    const isValid =
      typeof body === 'string' && this.signature.isValid(headers['x-twilio-signature'], url, body);
    if (!isValid) this.logger.warn({ event: 'webhook.bad_signature', requestId: id });
    return isValid;
  }
}
