import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '@app/twilio-simulator';
import type { Deployment, Member } from './deployment.js';
import type { Chance } from './chance.js';

const INVALID_NUMBER: Fault = { kind: 'status', status: 400, code: 21211 };
const TOO_MANY: Fault = { kind: 'status', status: 429 };
const SERVER_ERROR: Fault = { kind: 'status', status: 500 };
const ACCEPTED_SERVER_ERROR: Fault = { kind: 'status', status: 500, accepted: true };

/** What Twilio does to the tries of one send. */
export function twilioFaults(chance: Chance, mostlyRefused = false): (Fault | undefined)[] {
  if (mostlyRefused && chance.of(0.8)) return [INVALID_NUMBER];
  if (chance.of(0.6)) return [];
  if (chance.of(0.03)) return [{ kind: 'hang', accepted: chance.of(0.5) }];
  return chance.pick<(Fault | undefined)[]>([
    [INVALID_NUMBER],
    [INVALID_NUMBER],
    [TOO_MANY],
    [SERVER_ERROR],
    [ACCEPTED_SERVER_ERROR],
    [SERVER_ERROR, INVALID_NUMBER],
    [ACCEPTED_SERVER_ERROR, SERVER_ERROR, SERVER_ERROR],
    [{ kind: 'reset', accepted: chance.of(0.5) }],
    [{ kind: 'truncate' }],
    [{ kind: 'messageStatus', status: 'failed', errorCode: 30008 }],
    [{ kind: 'delay', ms: 100 }],
  ]);
}

interface StoreFault {
  readonly name: string;
  /** Whether the process loses its store, or is lost itself. */
  readonly disturbs: boolean;
  readonly happen: (member: Member, ms: number, deployment: Deployment) => Promise<void>;
}

const KILL: StoreFault = {
  name: 'processes killed',
  disturbs: true,
  happen: (member, _, deployment) => deployment.crash(member),
};

/** For longer than a send may take, sometimes. It loses nothing by that but time. */
const STOP: StoreFault = {
  name: 'processes stopped for a moment',
  disturbs: false,
  happen: async (member, ms) => {
    member.api.freeze();
    await sleep(2 * ms);
    member.api.thaw();
  },
};

const NETWORK: readonly StoreFault[] = (
  [
    ['answers of Redis lost', (proxy) => proxy.swallowAnswers()],
    ['connections that went silent', (proxy) => proxy.blackhole()],
    ['connections refused', (proxy) => proxy.refuse()],
    ['connections reset', (proxy) => proxy.resetConnections()],
    ['late answers of Redis', (proxy, ms) => proxy.delayAnswers(ms / 2)],
  ] as [string, (proxy: NonNullable<Member['proxy']>, ms: number) => void][]
).map(([name, begin]) => ({
  name,
  disturbs: true,
  happen: async (member, ms) => {
    begin(member.proxy!, ms);
    await sleep(ms);
    member.proxy!.recover();
  },
}));

/** Something goes wrong for a while, with one process or its way to the store. @returns what */
export async function disturb(deployment: Deployment, chance: Chance): Promise<string> {
  const member = chance.pick(deployment.members);
  const fault = chance.pick(member.proxy ? [...NETWORK, STOP, KILL] : [STOP, KILL]);
  await sleep(chance.upTo(150));
  const happen = (): Promise<void> => fault.happen(member, 50 + chance.upTo(600), deployment);
  await (fault.disturbs ? deployment.disturb(member, happen) : happen());
  return fault.name;
}
