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
    writeInBatches(socket);
    return socket;
  }

  /**
   * Whoever asked for what still waits is told that it was not done, and so it is not written any more. The answers to
   * what was written before are lost with it, which every operation bears.
   */
  override disconnect(): void {
    if (this.stream?.writableCorked > 0) this.stream.destroy();
    super.disconnect();
  }
}

/**
 * Commands of one turn of the event loop go out together, and those that come while an answer is awaited wait for it, and
 * go out together then: a write costs more than a command. What waits when the connection breaks was never sent.
 */
function writeInBatches(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  let isAnswerDue = false;
  const flush = (): void => {
    if (isAnswerDue || socket.writableCorked === 0) return;
    isAnswerDue = true;
    socket.uncork();
  };
  socket.write = (...args: unknown[]): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(flush);
    }
    return write(...args);
  };
  socket.on('data', () => {
    isAnswerDue = false;
    if (socket.writableCorked > 0) setImmediate(flush);
  });
  // The other side has closed. Node would write the rest before it closes this side.
  socket.on('end', () => {
    if (socket.writableCorked > 0) socket.destroy();
  });
}
