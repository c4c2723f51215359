import { SegmentedMessage } from 'sms-segments-calculator';

/** What may be appended to the text so that phones fill the code in by themselves. */
export interface AutofillOptions {
  /**
   * Host of the page that asks for the code. Adds the last line `@host #code`, which browsers fill in.
   * See https://github.com/WICG/sms-one-time-codes
   */
  webOrigin?: string;
  /**
   * The app's 11-character hash for Android's SMS Retriever, on a line of its own.
   * See https://developers.google.com/identity/sms-retriever/verify
   */
  androidAppHash?: string;
}

/** What a message is made of, and so what it costs. */
export interface MessageFacts {
  /** `GSM-7` has room for 160 characters in one segment, `UCS-2` for 70. */
  readonly encoding: 'GSM-7' | 'UCS-2';
  /** Messages that Twilio bills for one code. */
  readonly segmentsPerCode: number;
  /** Characters that are not in the GSM-7 alphabet, each once: one is enough for UCS-2. */
  readonly charactersOutsideGsm7: readonly string[];
  /** The line that browsers fill the code in from is part of it. */
  readonly webOriginLine: boolean;
  /** The line with the app's hash is part of it. */
  readonly androidHashLine: boolean;
}

/** The text of a verification message: exactly one `%s` for the code; `%%` is a percent sign. */
export class MessageTemplate {
  private readonly segmentsByCodeLength = new Map<number, number>();

  /** @param text has no {@link MessageTemplate.faultOf fault} */
  constructor(
    private readonly text: string,
    private readonly autofill: AutofillOptions = {},
  ) {}

  /** What is wrong with a template text, or undefined. */
  static faultOf(text: string): string | undefined {
    if (typeof text !== 'string') return 'it must be a text';
    const placeholders = text.match(/%./gs) ?? [];
    if (text.replace(/%./gs, '').includes('%')) return 'a lone % at the end: write %% for a percent sign';
    const unknown = placeholders.find((placeholder) => placeholder !== '%s' && placeholder !== '%%');
    if (unknown) return `"${unknown}" is not known: write %s for the code and %% for a percent sign`;
    const codes = placeholders.filter((placeholder) => placeholder === '%s').length;
    return codes === 1
      ? undefined
      : `it must contain %s exactly once, for the code; it contains it ${codes} times`;
  }

  render(code: string): string {
    const lines = [this.text.replace(/%[s%]/g, (placeholder) => (placeholder === '%s' ? code : '%'))];
    if (this.autofill.androidAppHash) lines.push(this.autofill.androidAppHash);
    if (this.autofill.webOrigin) lines.push(`@${this.autofill.webOrigin} #${code}`);
    return lines.join('\n');
  }

  /**
   * Messages that Twilio bills for a code of this length. Codes are ASCII letters and digits, so their length alone
   * decides. See https://www.twilio.com/docs/glossary/what-sms-character-limit
   */
  segments(codeLength: number): number {
    let segments = this.segmentsByCodeLength.get(codeLength);
    if (segments === undefined) {
      segments = new SegmentedMessage(this.render('0'.repeat(codeLength))).segmentsCount;
      this.segmentsByCodeLength.set(codeLength, segments);
    }
    return segments;
  }

  /** What is billed for a code of this length, and why. */
  facts(codeLength: number): MessageFacts {
    const message = new SegmentedMessage(this.render('0'.repeat(codeLength)));
    return {
      encoding: message.encodingName,
      segmentsPerCode: message.segmentsCount,
      charactersOutsideGsm7: [...new Set(message.getNonGsmCharacters())],
      webOriginLine: Boolean(this.autofill.webOrigin),
      androidHashLine: Boolean(this.autofill.androidAppHash),
    };
  }
}
