/** A number to try, and what is told of it. */
export interface Sample {
  /** E.164, or `new` for one that the page makes up. */
  readonly phone: string;
  readonly name: string;
  readonly story: string;
}

/** See https://www.twilio.com/docs/iam/test-credentials for those that Twilio itself has. */
export const SAMPLES: readonly Sample[] = [
  { phone: 'new', name: 'Works', story: 'A new number each time' },
  { phone: '+15005550001', name: 'Does not exist', story: 'Twilio knows no such number' },
  { phone: '+15005550004', name: 'Opted out', story: 'Its owner answered STOP' },
  { phone: '+15005550003', name: 'No permission', story: 'Its region is switched off' },
  { phone: '+15005550005', name: 'Slow', story: 'The message takes its time' },
  { phone: '+15005550008', name: 'Carrier fails', story: 'Sent, but not delivered' },
];
