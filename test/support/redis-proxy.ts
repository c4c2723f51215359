import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy in front of Redis: it counts round trips, breaks the connection on demand, and changes its target. */
export class RedisProxy {
  /** How often the client spoke after Redis had spoken: flushes of commands that waited for an answer. */
  roundTrips = 0;
  private lastSpoke: 'client' | 'redis' = 'redis';
  private readonly sockets = new Set<Socket>();
  private readonly silent = new WeakSet<Socket>();
  private mode: 'forward' | 'swallow' | 'refuse' = 'forward';

  private constructor(
    private readonly server: Server,
    private target: URL,
  ) {}

  static async start(redisUrl: string): Promise<RedisProxy & { url: string }> {
    const server = createServer();
    const target = new URL(redisUrl);
    const proxy = new RedisProxy(server, target);
    server.on('connection', (client) =>
      proxy.forward(client, connect(Number(proxy.target.port || 6379), proxy.target.hostname)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(redisUrl);
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return Object.assign(proxy, { url: url.toString() });
  }

  /** New connections lead to another Redis, as behind a name that was changed. Those that are open stay. */
  switchTo(redisUrl: string): void {
    this.target = new URL(redisUrl);
  }

  /** What is connected now hears nothing any more, as when a machine loses its power. New connections work. */
  silenceConnections(): void {
    for (const socket of this.sockets) this.silent.add(socket);
  }

  /** Redis hears everything, and its answers are lost. */
  swallowAnswers(): void {
    this.mode = 'swallow';
  }

  /** Redis is gone: connections break, and new ones are cut. */
  refuse(): void {
    this.mode = 'refuse';
    for (const socket of this.sockets) socket.destroy();
  }

  recover(): void {
    this.mode = 'forward';
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private forward(client: Socket, redis: Socket): void {
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
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
      if (this.silent.has(client)) return;
      const isKeyCheck = data.includes('sms:data-key') && !data.includes('sms:{'); // comes by a timer
      if (this.lastSpoke === 'redis' && !isKeyCheck) this.roundTrips += 1;
      this.lastSpoke = 'client';
      redis.write(data);
    });
    redis.on('data', (data) => {
      this.lastSpoke = 'redis';
      if (this.mode === 'forward' && !this.silent.has(redis)) client.write(data);
    });
  }
}
