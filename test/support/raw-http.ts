import { connect } from 'node:net';

/** What a server says in answer to these bytes, until it closes the connection. @throws Error if that takes too long */
export async function speak(
  url: string,
  bytes: string | Buffer | readonly (string | Buffer)[],
  waitMs = 20_000,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const heard: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => heard.push(chunk));
  socket.on('error', () => undefined); // it may hang up before it has read all
  const closed = new Promise<void>((resolve, reject) => {
    socket.once('close', () => resolve());
    socket.setTimeout(waitMs, () => {
      socket.destroy();
      reject(new Error(`no end after ${waitMs} ms`));
    });
  });
  for (const part of [bytes].flat()) socket.write(part);
  socket.end();
  await closed;
  return Buffer.concat(heard).toString();
}
