/** How a callback failed: no connection, no answer, or an answer that is an error. */
export type CallbackFailure = 'ct' | 'rt' | '4xx' | '5xx';

/** What the fragment of a callback's address may ask of Twilio. */
export interface CallbackOverrides {
  /** For one answer. */
  readTimeoutMs: number;
  /** For all tries together. */
  totalTimeoutMs: number;
  retries: number;
  retryOn: ReadonlySet<string>;
}

/** See https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides */
export function readCallbackOverrides(fragment: string): CallbackOverrides {
  const overrides = new URLSearchParams(fragment.replace(/^#/, ''));
  return {
    readTimeoutMs: readInteger(overrides.get('rt'), 100, 15_000) ?? 15_000,
    totalTimeoutMs: readInteger(overrides.get('tt'), 100, 15_000) ?? 15_000,
    retries: readInteger(overrides.get('rc'), 0, 5) ?? 1,
    retryOn: new Set((overrides.get('rp') ?? 'ct').split(',').map((policy) => policy.trim())),
  };
}

export function isRetried({ retryOn }: CallbackOverrides, failure: CallbackFailure): boolean {
  return retryOn.has('all') || retryOn.has(failure);
}

function readInteger(text: string | null, min: number, max: number): number | undefined {
  const value = text !== null && /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}
