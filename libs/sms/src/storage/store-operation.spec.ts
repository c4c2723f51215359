import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { NO_OBSERVER } from '../sms.observer.js';
import { ANSWER_TIMEOUT_MS, storeOperation } from './store-operation.js';

describe('An answer of the store', () => {
  it('that came in time counts, although the process was too busy to read it', async () => {
    const server = createServer((socket) => socket.end('answer'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    const answer = storeOperation(NO_OBSERVER, 'redis', once(socket, 'data').then(String));
    await new Promise((resolve) => setImmediate(resolve)); // the server answers
    const until = performance.now() + ANSWER_TIMEOUT_MS + 100;
    while (performance.now() < until);
    expect(await answer).toBe('answer');
    server.close();
  });
});
