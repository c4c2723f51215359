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

export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The answers in what a server said, without those that are not final (1xx).
 * @param mayLackBody of a HEAD, whose answer names a length and has none
 * @throws Error if something else is between them
 */
export function parseAnswers(said: string, mayLackBody: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = Buffer.from(said);
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine, ...lines] = rest.subarray(0, end).toString().split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${statusLine} `)?.[1]);
    if (end < 0 || Number.isNaN(status)) throw new Error(`no answer: ${rest.subarray(0, 80).toString()}`);
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':')[0].toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    rest = rest.subarray(end + 4);
    if (status < 200) continue;
    const isOver = rest.length === 0 || rest.toString('latin1', 0, 5) === 'HTTP/';
    const length = mayLackBody && isOver ? 0 : Number(headers['content-length'] ?? 0);
    if (rest.length < length) throw new Error(`cut off: ${statusLine}`);
    answers.push({ status, headers, body: rest.subarray(0, length).toString() });
    rest = rest.subarray(length);
  }
  return answers;
}
