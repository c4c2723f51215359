import { describe, expect, it } from '@jest/globals';
import { Inbox } from './inbox.js';

const ann = '+12025550101';
const bob = '+12025550102';

function inboxOf(...messages: [id: string, to: string][]): Inbox {
  const inbox = new Inbox();
  for (const [id, to] of messages) inbox.add({ id, to, from: '+15005550006', body: 'Code 482913' });
  return inbox;
}

describe('the inbox', () => {
  it('lists the newest first', () => {
    const inbox = inboxOf(['a', ann], ['b', bob]);

    expect(inbox.list().map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it('keeps the newest 500', () => {
    const inbox = inboxOf(...Array.from({ length: 501 }, (_, index): [string, string] => [`m${index}`, ann]));

    expect(inbox.list()).toHaveLength(500);
    expect(inbox.list().at(-1)?.id).toBe('m1');
  });

  it('keeps the newest 50 statuses of a message', () => {
    const inbox = inboxOf(['a', ann]);
    const record = inbox.find('a')!;
    for (let errorCode = 1; errorCode <= 51; errorCode += 1) {
      inbox.messaging.messages.move(record, 'failed', errorCode);
    }

    expect(inbox.get('a')?.timeline.map(({ errorCode }) => errorCode)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 2),
    );
  });

  it('gives the latest message to a number, however it is spaced, or to any', () => {
    const inbox = inboxOf(['a', ann], ['b', bob]);

    expect(inbox.latest('+1 202 555 0101')?.id).toBe('a');
    expect(inbox.latest()?.id).toBe('b');
    expect(inbox.latest('+12025550199')).toBeUndefined();
  });

  it('gives only what is newer than a known id', () => {
    const inbox = inboxOf(['a', ann], ['b', bob], ['c', ann]);

    expect(inbox.latest(ann, 'a')?.id).toBe('c');
    expect(inbox.latest(ann, 'c')).toBeUndefined();
    expect(inbox.latest(bob, 'b')).toBeUndefined();
    expect(inbox.latest(ann, 'unknown')?.id).toBe('c');
  });

  it('wakes whoever waits for a message to a number, and nobody else', async () => {
    const inbox = inboxOf(['a', ann]);
    const waiting = inbox.waitForLatest(ann, 'a', 60_000);
    inbox.add({ id: 'b', to: bob, from: ann, body: 'not for ann' });
    inbox.add({ id: 'c', to: ann, from: bob, body: 'for ann' });

    expect((await waiting)?.id).toBe('c');
  });

  it('gives up when the time is over, or when told to', async () => {
    const inbox = inboxOf();
    const gone = new AbortController();
    const waiting = inbox.waitForLatest(ann, undefined, 60_000, gone.signal);
    gone.abort();

    expect(await waiting).toBeUndefined();
    expect(await inbox.waitForLatest(ann, undefined, 1)).toBeUndefined();
  });

  it.each([
    ['Your verification code is: 482913', '482913'],
    ['12 items. Code 4829, valid 10 minutes', '4829'],
    ['验证码1234567890，请勿泄露', '1234567890'],
    ['Call +4915112345 and say 4829', '4829'],
    ['Your code is A1B2C3', 'A1B2C3'],
    ['In 2026 your code is 482913\n\n@example.com #482913', '482913'],
    ['4829 is not it\n@example.com #AB12CD', 'AB12CD'],
    ['Order 12345678901 has no code', null],
    ['Hello', null],
  ])('finds the code in %j', (body, code) => {
    expect(new Inbox().add({ id: 'a', to: ann, from: bob, body }).code).toBe(code);
  });

  it('measures the text', () => {
    expect(new Inbox().add({ id: 'a', to: ann, from: bob, body: '你'.repeat(71) })).toMatchObject({
      segments: 2,
      encoding: 'UCS-2',
    });
  });
});
