// How a contestant is asked.
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.mjs';
import { quantile } from './statistics.mjs';

/** An answer that is not a success makes all numbers worthless, so the run ends. */
export class UnexpectedAnswerError extends Error {
  constructor(contestant, text, { status, body }) {
    super(`${contestant.name} answered ${status} to ${text.split('\r\n')[0]}: ${body.slice(0, 400)}`);
  }
}

/**
 * So many requests under way at any time, until there are no more.
 * @param requests an iterator of `{ text, done(answer) }`
 * @param options `before` is called when the connections are open; with `mayRefuse` an answer 503 is counted, and its
 * caller waits as long as it is told to
 */
export async function closedLoop(contestant, requests, inFlight, { before, mayRefuse = false } = {}) {
  const connections = await Connection.openMany(contestant.port, inFlight);
  const milliseconds = [];
  let refused = 0;
  await before?.();
  const began = performance.now();
  const caller = async (connection) => {
    for (const { text, done } of requests) {
      const asked = performance.now();
      const answer = await connection.request(text);
      if (mayRefuse && answer.status === 503) {
        refused += 1;
        await sleep(1_000 * Number(/"retryAfterSeconds":(\d+)/.exec(answer.body)?.[1] ?? 1));
        continue;
      }
      milliseconds.push(performance.now() - asked);
      assertSuccess(contestant, text, answer);
      done(answer);
    }
  };
  try {
    await Promise.all(connections.map(caller));
  } finally {
    for (const connection of connections) connection.close();
  }
  return { ...timesOf(milliseconds, performance.now() - began), refused };
}

/**
 * So many requests a second, whether those before were answered or not. A request that could not be sent when it was due
 * has waited since then.
 */
export async function openLoop(contestant, requests, perSecond, forMs, connectionCount) {
  const free = await Connection.openMany(contestant.port, connectionCount);
  const all = [...free];
  const milliseconds = [];
  const underWay = new Set();
  const ask = async ({ text, done }, due) => {
    let connection = free.pop();
    while (connection && !connection.isOpen) connection = free.pop(); // it had nothing to do for too long
    if (!connection) all.push((connection = await Connection.open(contestant.port)));
    const answer = await connection.request(text);
    milliseconds.push(performance.now() - due);
    free.push(connection);
    assertSuccess(contestant, text, answer);
    done(answer);
  };
  const began = performance.now();
  try {
    for (let sent = 0; sent / perSecond < forMs / 1_000;) {
      const elapsed = performance.now() - began;
      for (; sent / perSecond <= elapsed / 1_000; sent += 1) {
        const call = ask(requests.next().value, began + (sent / perSecond) * 1_000);
        underWay.add(call);
        call.then(
          () => underWay.delete(call),
          () => {}, // seen below
        );
      }
      await sleep(1);
    }
    await Promise.all(underWay);
  } finally {
    for (const connection of all) connection.close();
  }
  return timesOf(milliseconds, performance.now() - began);
}

function assertSuccess(contestant, text, answer) {
  if (answer.status < 200 || answer.status > 299) throw new UnexpectedAnswerError(contestant, text, answer);
}

/** Ends an endless iterator of requests after a time. */
export function* during(requests, milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) yield requests.next().value;
}

/** Ends it after so many requests. */
export function* times(requests, count) {
  for (let index = 0; index < count; index += 1) yield requests.next().value;
}

function timesOf(milliseconds, elapsedMs) {
  return {
    operations: milliseconds.length,
    perSecond: milliseconds.length / (elapsedMs / 1_000),
    p50Ms: quantile(milliseconds, 0.5),
    p99Ms: quantile(milliseconds, 0.99),
  };
}
