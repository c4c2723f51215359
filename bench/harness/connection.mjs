// A keep-alive connection with one request under way. Raw, because its cost is taken from the core that Redis and Twilio
// run on: a client with a pool would take twice as much.
import { once } from 'node:events';
import { connect } from 'node:net';

const OPENED_AT_ONCE = 100;

export class Connection {
  #socket;
  #received = '';
  #resolve;
  #reject;
  isOpen = true;

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isOpen = false;
      this.#reject?.(new Error('the connection was closed before the answer'));
    });
  }

  static async open(port) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /**
   * Some at a time, each until it was answered once: what a server has not accepted yet waits in a queue, and when that is
   * full the system lets connections wait for seconds.
   */
  static async openMany(port, count) {
    const connections = [];
    while (connections.length < count) {
      const batch = Math.min(OPENED_AT_ONCE, count - connections.length);
      const opened = await Promise.all(Array.from({ length: batch }, () => Connection.open(port)));
      await Promise.all(opened.map((connection) => connection.request(get('/livez'))));
      connections.push(...opened);
    }
    return connections;
  }

  /** @param text the whole request, such as {@link post} makes it */
  request(text) {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) throw new Error('the connection was closed before the request');
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(text, 'latin1');
    });
  }

  close() {
    this.#reject = undefined;
    this.#socket.destroy();
  }

  #receive(chunk) {
    this.#received = this.#received === '' ? chunk : this.#received + chunk;
    const answer = parse(this.#received);
    if (!answer) return;
    this.#received = '';
    this.#reject = undefined;
    this.#resolve(answer);
  }
}

export function post(path, body) {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}

export function get(path) {
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
}

/** @returns undefined while some of it is missing */
function parse(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length) {
    const bodyEnd = end + 4 + Number(length[1]);
    return text.length < bodyEnd ? undefined : { status, body: text.slice(end + 4, bodyEnd) };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, body: '' };
  return text.endsWith('0\r\n\r\n') ? { status, body: joinChunks(text, end + 4) } : undefined;
}

function joinChunks(text, start) {
  let body = '';
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    const length = Number.parseInt(text.slice(at, lineEnd), 16);
    if (!length) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 4 + length;
  }
}
