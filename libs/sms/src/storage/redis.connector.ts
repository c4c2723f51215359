import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';

/**
 * Opens the sockets of the client. With TLS, the certificate has to be made out to the host, whatever the environment
 * says of checks, and the host is named to the server, which may serve several.
 */
export class RedisConnector extends AbstractConnector {
  private readonly options: RedisOptions;

  constructor(options: unknown) {
    super((options as { disconnectTimeout: number }).disconnectTimeout);
    this.options = options as RedisOptions;
  }

  async connect(): Promise<Socket> {
    const { host = 'localhost', port = 6379, family, tls } = this.options;
    const address = { host, port, family };
    const servername = isIP(host) ? undefined : host;
    const socket = tls
      ? connectTls({ ...address, servername, rejectUnauthorized: true })
      : connectTcp(address);
    // The client listens for one error, and a TLS connection that is given up can have another: that would end the process.
    socket.on('error', (error) => (this.firstError ??= error));
    this.stream = socket;
    return socket;
  }
}
