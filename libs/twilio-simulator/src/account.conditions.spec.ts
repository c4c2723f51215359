import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type twilio from 'twilio';
import { connectSdk } from '../../../test/support/sdk.js';
import { soundConditions } from './account.conditions.js';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+447400123456';
const messagingServiceSid = `MG${'a'.repeat(32)}`;

describe('An account in trouble', () => {
  let simulator: TwilioSimulator;
  let client: twilio.Twilio;

  beforeAll(async () => {
    simulator = await TwilioSimulator.start();
    client = connectSdk(simulator);
  });
  beforeEach(() => void Object.assign(simulator.conditions, soundConditions()));
  afterAll(() => simulator.close());

  const create = (sender: object = { from: simulator.phoneNumber }) =>
    client.messages.create({ to, body: 'code', ...sender });

  it('that is suspended says so, and sends nothing', async () => {
    simulator.conditions.status = 'suspended';
    expect(await client.api.v2010.accounts(simulator.accountSid).fetch()).toMatchObject({
      status: 'suspended',
    });
    await expect(create()).rejects.toMatchObject({ code: 20005 });
  });

  it('that is a trial says so, and sends to verified phones only', async () => {
    simulator.conditions.type = 'Trial';
    expect(await client.api.v2010.accounts(simulator.accountSid).fetch()).toMatchObject({ type: 'Trial' });
    await expect(create()).rejects.toMatchObject({ code: 21608 });
    simulator.conditions.verifiedPhones.push(to);
    expect(await create()).toMatchObject({ status: 'queued' });
  });

  it('whose number cannot send SMS shows that in its list, and refuses it as a sender', async () => {
    simulator.conditions.senderHasSms = false;
    expect(await client.incomingPhoneNumbers.list()).toMatchObject([{ capabilities: { sms: false } }]);
    await expect(create()).rejects.toMatchObject({ code: 21606 });
  });

  it('may not send to a country that is not switched on', async () => {
    simulator.conditions.closedRegions.push('+44');
    await expect(create()).rejects.toMatchObject({ code: 21408 });
  });

  it('whose Messaging Service is empty cannot send by it', async () => {
    simulator.conditions.servicesHaveSenders = false;
    await expect(create({ messagingServiceSid })).rejects.toMatchObject({ code: 21704 });
  });
});
