import type { Socket } from 'node:net';
import { Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { SystemParameters } from '../config/system-parameters.js';
import { ValidationFailedError } from '../errors/validation.pipe.js';
import { ApiKeys } from './api-keys.js';
import { groupOf, isPrivate, parseAddress, TrustedProxies, type Address } from './client-address.js';

/** A back end with an API key names its own client in this header. */
const CLIENT_ADDRESS_HEADER = 'x-client-address';
const FORWARDING_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded'];

/** Whom a request comes from. */
export interface Caller {
  /** Of the request, for log lines that are written on its behalf. */
  readonly requestId: string;
  /**
   * Whose limits it counts against: the client's address, IPv6 by its /64. Undefined for a back end with an API key
   * that names no client: no limit per source applies then.
   */
  readonly source?: string;
  /** Whose Idempotency-Keys are meant: those of an API key, else those of the source. */
  readonly account: string;
}

/** The other end of a connection. */
interface Peer {
  readonly address: Address;
  readonly group: string;
  readonly isPrivate: boolean;
}

type CallingRequest = Pick<FastifyRequest, 'id' | 'headers' | 'socket'>;

/** Tells whom requests come from. */
@Injectable()
export class Callers {
  private readonly logger = new Logger(Callers.name);
  private readonly proxies: TrustedProxies;
  private readonly peers = new WeakMap<Socket, Peer>();
  private hasWarned = false;

  constructor(
    parameters: SystemParameters,
    private readonly keys: ApiKeys,
  ) {
    this.proxies = new TrustedProxies(parameters.serverTrustProxy);
  }

  /** @throws ValidationFailedError if a back end names a client whose address is none */
  of({ id: requestId, headers, socket }: CallingRequest): Caller {
    const holder = this.keys.holderOf(headers.authorization);
    if (holder !== undefined) {
      return { requestId, source: namedSource(headers[CLIENT_ADDRESS_HEADER]), account: `key ${holder}` };
    }
    const source = this.addressOf({ headers, socket });
    return { requestId, source, account: `source ${source}` };
  }

  private addressOf({ headers, socket }: Pick<CallingRequest, 'headers' | 'socket'>): string {
    const peer = this.peerOf(socket);
    if (!peer) return 'unknown'; // it has hung up
    if (this.proxies.none) {
      if (peer.isPrivate) this.warnOfProxy(headers);
      return peer.group;
    }
    return groupOf(this.proxies.clientOf(peer.address, joined(headers['x-forwarded-for'])));
  }

  /** Read once for a connection, which may bring many requests. */
  private peerOf(socket: Socket): Peer | undefined {
    let peer = this.peers.get(socket);
    if (peer) return peer;
    const address = parseAddress(socket.remoteAddress ?? '');
    if (!address) return undefined;
    peer = { address, group: groupOf(address), isPrivate: isPrivate(address) };
    this.peers.set(socket, peer);
    return peer;
  }

  /** Once: all callers behind a proxy that is not trusted share one allowance. */
  private warnOfProxy(headers: FastifyRequest['headers']): void {
    if (this.hasWarned || !FORWARDING_HEADERS.some((name) => headers[name] !== undefined)) return;
    this.hasWarned = true;
    this.logger.warn({
      event: 'caller.proxy_not_trusted',
      warning:
        'Requests come through a proxy, and all count as one source. Set server.trust_proxy to the number of proxies in front.',
    });
  }
}

function namedSource(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const address = parseAddress(joined(header) ?? '');
  if (address) return groupOf(address);
  throw new ValidationFailedError([
    {
      pointer: '',
      detail: 'the header X-Client-Address must be the IP address of your client, for example 203.0.113.7',
    },
  ]);
}

function joined(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}
