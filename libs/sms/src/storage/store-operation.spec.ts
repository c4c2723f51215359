import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailableError } from '../sms.errors.js';
import { NO_OBSERVER, type StoreOperationEnd } from '../sms.observer.js';
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

describe('An operation of the store without an answer', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([
    ['an answer', (resolve: (answer: string) => void) => resolve('late')],
    [
      'a failure',
      (_: unknown, reject: (error: Error) => void) => reject(new StoreUnavailableError('ECONNRESET')),
    ],
  ])('is told as timed out, once, whether %s comes after all', async (_, comeLate) => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    const told: StoreOperationEnd[] = [];
    const observer = { ...NO_OBSERVER, storeOperation: (end: StoreOperationEnd) => void told.push(end) };
    let late!: () => void;
    const operation = new Promise<string>((resolve, reject) => (late = () => comeLate(resolve, reject)));
    const answer = storeOperation(observer, 'redis', operation).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(ANSWER_TIMEOUT_MS + 1);
    late();
    expect(await answer).toMatchObject({ fault: 'timeout' });
    await Promise.allSettled([operation]);
    expect(told).toEqual([{ store: 'redis', durationMs: expect.any(Number), fault: 'timeout' }]);
  });
});
