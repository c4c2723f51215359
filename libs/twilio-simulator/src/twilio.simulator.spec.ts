import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from './clock.js';
import { TwilioSimulator } from './twilio.simulator.js';

describe('the simulator', () => {
  let simulator: TwilioSimulator;

  beforeEach(async () => {
    simulator = await TwilioSimulator.start();
  });
  afterEach(() => simulator.close());

  it('makes up an account on a free loopback port', () => {
    expect(simulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(simulator.accountSid).toMatch(/^AC[0-9a-f]{32}$/);
    expect(simulator.authToken).toMatch(/^[0-9a-f]{32}$/);
    expect(simulator.phoneNumber).toBe('+15005550006');
  });

  it('notes every request to the API, refused ones too, and no other', async () => {
    const path = `/2010-04-01/Accounts/${simulator.accountSid}/Messages.json`;
    await fetch(`${simulator.url}/inbox`);
    await fetch(`${simulator.url}${path}`, {
      method: 'POST',
      body: new URLSearchParams({ To: '+12025550123' }),
    });
    await fetch(`${simulator.url}/2010-04-01/nowhere?page=1`);

    expect(simulator.requests).toEqual([
      { method: 'POST', path, to: '+12025550123', at: expect.any(Date) },
      { method: 'GET', path: '/2010-04-01/nowhere', at: expect.any(Date) },
    ]);
  });

  it('takes a body that is not a form for an empty form', async () => {
    const credentials = Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64');
    const create = (type: string, body: string) =>
      fetch(`${simulator.url}/2010-04-01/Accounts/${simulator.accountSid}/Messages.json`, {
        method: 'POST',
        headers: { authorization: `Basic ${credentials}`, 'content-type': type },
        body,
      });

    expect(await (await create('application/json', '{"To":"+12025550123"}')).json()).toMatchObject({
      code: 21604,
    });
    expect(await (await create('text/plain', 'To=+12025550123')).json()).toMatchObject({ code: 21604 });
    expect(await (await create('application/json', '{')).json()).toMatchObject({ code: 20001, status: 400 });
  });

  it('answers every unknown route with the four keys of Twilio', async () => {
    const answer = await fetch(`${simulator.url}/nowhere`, { method: 'PUT', body: 'anything' });

    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      code: 20404,
      message: 'The requested resource /nowhere was not found',
      more_info: 'https://www.twilio.com/docs/errors/20404',
      status: 404,
    });
  });

  it('serves its inbox', async () => {
    expect((await fetch(`${simulator.url}/inbox`)).status).toBe(200);
    expect((await fetch(`${simulator.url}/inbox/messages/latest`)).status).toBe(204);
  });

  it('moves no message any more once it is closed', async () => {
    const clock = new ManualClock();
    const moving = await TwilioSimulator.start({ clock, delivery: { stepMs: 700 } });
    const { id } = moving.inbox.add({ to: '+12025550123', from: '+15005550006', body: 'Code 4829' });
    clock.advance(700);
    await moving.close();
    clock.advance(700);

    expect(moving.inbox.get(id)?.status).toBe('sending');
  });

  it('does not start on a port that is taken', async () => {
    const port = Number(new URL(simulator.url).port);

    await expect(TwilioSimulator.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('can be closed twice', async () => {
    await simulator.close();
    await expect(simulator.close()).resolves.toBeUndefined();
  });
});
