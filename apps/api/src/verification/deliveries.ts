import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  SmsError,
  SmsEventBus,
  SmsService,
  type PhoneFacts,
  type PhoneNumber,
  type SmsSendFailedError,
} from '@app/sms';
import { SmsStorage } from '@app/sms/internals';
import { SystemParameters } from '../config/system-parameters.js';
import { Metrics } from '../metrics/metrics.js';
import { isFinal, reportAt, reportOf, type DeliveryReport, type FinalReport } from './delivery.js';
import { CodeSealer } from './verification.codes.js';
import { VerificationId } from './verification-id.js';
import { VerificationStore, type StoredVerification } from './verification.store.js';

/** Where Twilio reports what becomes of a message. */
export const STATUS_CALLBACK_PATH = '/webhooks/twilio/status';
/**
 * Three tries, whatever went wrong: by default Twilio calls once, and callbacks would be lost in every deployment. See
 * https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
const RETRY_ALL = '#rc=3&rp=all';
/** Twilio gives a callback up after this time, so a message that is not at its end may have lost one. */
const QUIET_MS = 15_000;

/** What becomes of messages after Twilio took them. It never touches codes, guesses or limits. */
@Injectable()
export class Deliveries {
  private readonly logger = new Logger('Delivery');

  constructor(
    private readonly sms: SmsService,
    @Inject(SmsStorage) private readonly storage: SmsStorage,
    @Inject(VerificationStore) private readonly verifications: VerificationStore,
    private readonly parameters: SystemParameters,
    private readonly metrics: Metrics,
    private readonly events: SmsEventBus,
  ) {}

  /** The address for Twilio's reports of one message; undefined without `server.public_url`. */
  callbackUrl(id: VerificationId, sealer: CodeSealer): string | undefined {
    const { serverPublicUrl } = this.parameters;
    if (serverPublicUrl === undefined) return undefined;
    return `${serverPublicUrl}${STATUS_CALLBACK_PATH}?id=${sealer.sealId(id)}${RETRY_ALL}`;
  }

  /**
   * Moves a message forward. Reports may come in any order, often, and before Twilio's answer to the send.
   * @param sealedId of the callback's address; one that is not ours changes nothing
   * @param requestId for the log
   * @throws StoreUnavailableError, so that Twilio tries again
   */
  async report(sealedId: string, report: DeliveryReport, requestId: string): Promise<void> {
    const sealer = await this.sealer();
    const id = sealer.openId(sealedId);
    if (id) await this.record(id, sealer, report, requestId);
  }

  /** Asks Twilio about a message that has not been heard of for a while: callbacks get lost, or are not switched on. */
  async refresh(
    id: VerificationId,
    found: StoredVerification,
    requestId: string,
  ): Promise<StoredVerification> {
    const { sid, progress, quietMs } = found;
    if (sid === undefined || quietMs < QUIET_MS || wasFinal(progress)) return found;
    if (!(await this.verifications.claimRefresh(id, QUIET_MS))) return found; // someone else is asking
    const report = await this.fetch(sid, requestId);
    if (!report) return found;
    const newProgress = await this.record(id, await this.sealer(), report, requestId);
    return { ...found, progress: newProgress ?? progress };
  }

  private async record(
    id: VerificationId,
    sealer: CodeSealer,
    report: DeliveryReport,
    requestId: string,
  ): Promise<number | undefined> {
    const recorded = await this.verifications.report(id, report);
    if (!recorded) return undefined;
    const { before, progress, sealedPhone } = recorded;
    if (progress > before) {
      const phone = sealer.openPhone(sealedPhone);
      const level = report.delivery === 'undelivered' || report.delivery === 'failed' ? 'warn' : 'log';
      this.logger[level]({ event: 'verification.delivery', requestId, phone: phone.masked, ...report });
      if (isFinal(report) && !wasFinal(before)) this.ended(phone, report);
    }
    return progress;
  }

  private ended(phone: PhoneNumber, report: FinalReport): void {
    const { delivery, twilioCode } = report;
    this.metrics.delivery(report);
    const facts = (): PhoneFacts => ({ phone: phone.masked, country: phone.country });
    if (delivery === 'delivered') this.events.emit('sms.delivered', facts);
    else this.events.emit('sms.undelivered', () => ({ ...facts(), delivery, twilioCode }));
  }

  private async fetch(sid: string, requestId: string): Promise<DeliveryReport | undefined> {
    try {
      const { status, twilioCode } = await this.sms.fetchStatus(sid);
      return reportOf(status, twilioCode);
    } catch (error) {
      if (!(error instanceof SmsError)) throw error;
      const { reason, twilioCode } = error as Partial<SmsSendFailedError>;
      this.logger.warn({
        event: 'verification.delivery_not_known',
        requestId,
        reason: reason ?? 'unreachable',
        twilioCode,
      });
      return undefined;
    }
  }

  private async sealer(): Promise<CodeSealer> {
    return CodeSealer.under(await this.storage.dataKey());
  }
}

function wasFinal(progress: number): boolean {
  const known = reportAt(progress);
  return known !== undefined && isFinal(known);
}
