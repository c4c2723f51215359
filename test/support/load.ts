import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

const TICK_MS = 10;

/** Calls so many times a second, whether those before were answered or not, as the public does. @returns all results */
export async function openLoop<T>(
  perSecond: number,
  durationMs: number,
  call: () => Promise<T>,
): Promise<T[]> {
  const calls: Promise<T>[] = [];
  const began = performance.now();
  for (let elapsed = 0; elapsed < durationMs; elapsed = performance.now() - began) {
    const due = Math.floor((elapsed / 1_000) * perSecond);
    while (calls.length < due) calls.push(call());
    await sleep(TICK_MS);
  }
  return Promise.all(calls);
}

/** Calls so often in all, with so many under way at any time. */
export async function closedLoop(
  times: number,
  atOnce: number,
  call: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < times) await call(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
}

export interface LoadAnswer {
  readonly phone: string;
  readonly status: number;
  readonly code?: string;
}

/** A client that can ask for many codes at little cost: its answers are not held against the API's description. */
export class LoadClient {
  private readonly pool: Pool;

  constructor(url: string, connections: number) {
    this.pool = new Pool(url, { connections, headersTimeout: 0, bodyTimeout: 0 });
  }

  async send(phone: string, headers: Record<string, string> = {}): Promise<LoadAnswer> {
    const { statusCode, body } = await this.pool.request({
      method: 'POST',
      path: '/v1/verifications',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ phone }),
    });
    const { code } = (await body.json()) as { code?: string };
    return { phone, status: statusCode, code };
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
