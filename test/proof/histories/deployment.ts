import { rm } from 'node:fs/promises';
import type { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment, type StoreKind } from '../../support/api.js';
import { ApiProcess } from '../../support/process.js';
import { redisUrl, temporaryFolder } from '../../support/stores.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import type { VirtualClock } from '../../support/virtual-clock.js';
import type { Advance } from './history.js';
import type { Limits } from './phone.model.js';
import { until } from '../../support/until.js';

export interface DeploymentOptions {
  readonly store: StoreKind;
  readonly processes: number;
  readonly limits: Limits;
  /** Modules that break something in the API, as URLs. */
  readonly patches?: readonly string[];
}

/** One process of the API, with a proxy of its own in front of Redis. */
export interface Member {
  readonly number: number;
  readonly environment: Record<string, string>;
  readonly proxy?: TcpProxy & { url: string };
  api: ApiProcess;
  /** Killed, and not yet started again. */
  isDown: boolean;
}

/** While something was wrong with a process or its store, in milliseconds of the real clock. */
interface Disturbance {
  readonly member: Member;
  readonly from: number;
  to: number;
}

/** Several processes of the API on one store and one virtual clock. */
export class Deployment {
  readonly advances: Advance[] = [];
  private readonly disturbances: Disturbance[] = [];

  private constructor(
    readonly options: DeploymentOptions,
    readonly simulator: TwilioSimulator,
    readonly clock: VirtualClock,
    readonly members: readonly Member[],
    private readonly folder: string,
  ) {}

  static async start(
    options: DeploymentOptions,
    simulator: TwilioSimulator,
    clock: VirtualClock,
  ): Promise<Deployment> {
    const folder = await temporaryFolder();
    const { store, limits, processes, patches } = options;
    const shared = {
      ...(await apiEnvironment(simulator, store, {
        ...(store === 'embedded' && { DATA_PATH: folder }),
        ...environmentOf(limits),
        ...clock.environment(patches),
        LOG_LEVEL: 'info',
      })),
    };
    const members = await Promise.all(
      Array.from({ length: processes }, async (_, number): Promise<Member> => {
        const proxy = store === 'redis' ? await TcpProxy.start(redisUrl()) : undefined;
        const environment = {
          ...shared,
          ...(proxy && { REDIS_URL: proxy.url }),
          // Tells which process sent a message.
          TWILIO_SMS_TEMPLATE_MESSAGE: `Process ${number}: your code is %s`,
        };
        return {
          number,
          environment,
          proxy,
          isDown: false,
          api: await ApiProcess.start(environment, folder),
        };
      }),
    );
    return new Deployment(options, simulator, clock, members, folder);
  }

  async advance(ms: number): Promise<void> {
    const from = performance.now();
    await this.clock.advance(ms);
    this.advances.push({ from, to: performance.now(), ms });
  }

  /** Does something to a process, and waits until all is well with it again. */
  async disturb(member: Member, work: () => Promise<void>): Promise<void> {
    const disturbance: Disturbance = { member, from: performance.now(), to: Infinity };
    this.disturbances.push(disturbance);
    await work();
    await ready(member);
    disturbance.to = performance.now();
  }

  wasDisturbed(member: Member, from: number, to: number): boolean {
    return this.disturbances.some((one) => one.member === member && one.from < to && one.to > from);
  }

  async crash(member: Member): Promise<void> {
    member.isDown = true;
    await member.api.stop('SIGKILL');
    member.api = await ApiProcess.start(member.environment, this.folder);
    member.isDown = false;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.members.map(async ({ api, proxy }) => {
        await api.stop('SIGKILL');
        await proxy?.close();
      }),
    );
    await rm(this.folder, { recursive: true });
  }
}

async function ready({ api }: Member): Promise<void> {
  const isReady = (): Promise<boolean> =>
    api.get('/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  await until('it is ready', isReady);
}

function environmentOf(limits: Limits): Record<string, string> {
  return {
    SERVER_SMS_MAX_SEND_COUNT: `${limits.sendsPerDay}`,
    SERVER_SMS_COOLDOWN_SECONDS: `${limits.cooldownMs / 1_000}`,
    TWILIO_SMS_TIMEOUT_MS: `${limits.sendMs}`,
    SERVER_SMS_CODE_TTL_SECONDS: `${limits.codeLifeMs / 1_000}`,
    SERVER_SMS_MAX_CHECK_ATTEMPTS: `${limits.guessesPerCode}`,
    SERVER_SMS_MAX_FAILED_CHECKS: `${limits.wrongGuessesPerDay}`,
    SERVER_SMS_MAX_SENDS_PER_SOURCE: '1000000',
    SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: '1000000',
  };
}
