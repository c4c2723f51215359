import type { TwilioSimulator } from '@app/twilio-simulator';

/** A message that a phone got. */
export interface ReceivedMessage {
  readonly phone: string;
  readonly code: string;
  /** When Twilio took it, in milliseconds of this machine's clock. */
  readonly at: number;
}

/** Every message that a simulator accepted since then; the simulator itself keeps the newest 500. */
export class ReceivedMessages {
  private readonly byPhone = new Map<string, ReceivedMessage[]>();
  count = 0;

  constructor(simulator: TwilioSimulator) {
    simulator.inbox.messaging.messages.subscribe(({ kind, record }) => {
      if (kind !== 'added') return;
      const { to: phone, code, createdAt } = record;
      this.byPhone.set(phone, [...this.to(phone), { phone, code: code ?? '', at: Date.parse(createdAt) }]);
      this.count += 1;
    });
  }

  /** Oldest first. */
  to(phone: string): readonly ReceivedMessage[] {
    return this.byPhone.get(phone) ?? [];
  }

  /** The code in the newest message to a phone. */
  codeFor(phone: string): string {
    const code = this.to(phone).at(-1)?.code;
    if (!code) throw new Error('no code was sent to this phone');
    return code;
  }
}
