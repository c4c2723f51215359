import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What the proxy does with what it is given:
 * - `swallow-answers`: the server hears and does everything, and its answers are lost
 * - `blackhole`: nothing gets through in either direction, and connections stay, as when a cable is cut
 * - `refuse`: connections break, and new ones are cut
 */
type Mode = 'forward' | 'swallow-answers' | 'blackhole' | 'refuse';

/** A TCP proxy in front of a server, mostly of Redis: it breaks what it is told to, and counts round trips. */
export class TcpProxy {
  /** How often the client spoke after the server had spoken: flushes of commands that waited for an answer. */
  roundTrips = 0;
  /** How often the client wrote something; one write holds any number of commands. */
  writes = 0;
  /** How often somebody connected, or tried to. */
  connections = 0;
  private lastSpoke: 'client' | 'server' = 'server';
  private readonly sockets = new Set<Socket>();
  private readonly clients = new Set<Socket>();
  private readonly silent = new WeakSet<Socket>();
  private mode: Mode = 'forward';
  private delayMs = 0;
  private port = 0;

  private constructor(
    private readonly server: Server,
    private target: URL,
  ) {}

  /** @param targetUrl such as `redis://127.0.0.1:6379`; `url` is the same, at the proxy's address */
  static async start(targetUrl: string): Promise<TcpProxy & { url: string }> {
    const server = createServer();
    const proxy = new TcpProxy(server, new URL(targetUrl));
    server.on('connection', (client) => {
      proxy.connections += 1;
      proxy.forward(client, connect(Number(proxy.target.port || 6379), proxy.target.hostname));
    });
    await proxy.startAgain();
    proxy.port = (server.address() as AddressInfo).port;
    const url = new URL(targetUrl);
    url.host = `127.0.0.1:${proxy.port}`;
    return Object.assign(proxy, { url: url.toString() });
  }

  /** New connections lead to another server, as behind a name that was changed. Those that are open stay. */
  switchTo(targetUrl: string): void {
    this.target = new URL(targetUrl);
  }

  /** What is connected now hears nothing any more, as when a machine loses its power. New connections work. */
  silenceConnections(): void {
    for (const socket of this.sockets) this.silent.add(socket);
  }

  /** The server hears everything, and its answers are lost. */
  swallowAnswers(): void {
    this.mode = 'swallow-answers';
  }

  /** Nothing gets through, and nothing is closed: also not what connects from now on. */
  blackhole(): void {
    this.mode = 'blackhole';
  }

  /** The server is gone: connections break, and new ones are cut. */
  refuse(): void {
    this.mode = 'refuse';
    this.resetConnections();
  }

  /** Nothing listens at its address, until {@link startAgain}. */
  async close(): Promise<void> {
    this.resetConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async startAgain(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  /** What is connected now breaks, answers that are on their way included. New connections work. */
  resetConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Each answer comes so much later, in order. @param milliseconds 0 for none */
  delayAnswers(milliseconds: number): void {
    this.delayMs = milliseconds;
  }

  /** Those that are connected are told that nothing more will come; what they still write arrives. */
  endConnections(): void {
    for (const client of this.clients) client.end();
  }

  /** All is well from now on, for new connections. */
  recover(): void {
    this.mode = 'forward';
    this.delayMs = 0;
    this.resetConnections();
  }

  private forward(client: Socket, server: Socket): void {
    this.clients.add(client);
    client.on('close', () => this.clients.delete(client));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    if (this.mode === 'refuse') {
      client.destroy();
      return;
    }
    client.on('data', (data) => {
      this.writes += 1;
      if (this.mode === 'blackhole' || this.silent.has(client)) return;
      const isKeyCheck = data.includes('sms:data-key') && !data.includes('sms:{'); // comes by a timer
      if (this.lastSpoke === 'server' && !isKeyCheck) this.roundTrips += 1;
      this.lastSpoke = 'client';
      server.write(data);
    });
    server.on('data', (data) => {
      this.lastSpoke = 'server';
      if (this.mode !== 'forward' || this.silent.has(server)) return;
      if (this.delayMs === 0) client.write(data);
      else setTimeout(() => client.destroyed || client.write(data), this.delayMs);
    });
  }
}
