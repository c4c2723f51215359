import { beforeDeadline } from './before-deadline.js';
import { Deadline, withDeadline } from './deadline.js';
import type { TwilioClient } from './twilio.client.js';
import { twilioCodeOf } from './twilio.failure.js';

/** Somebody waits for the answer, and can ask again. */
const FETCH_TIMEOUT_MS = 2_000;

/** Asks once. @throws TwilioFailure, or whatever a client of the host app throws */
export async function fetchMessageStatus(
  client: TwilioClient,
  sid: string,
): Promise<{ status: string; twilioCode?: number }> {
  const deadline = Deadline.in(FETCH_TIMEOUT_MS);
  const fetching = withDeadline(deadline, async () => client.messages(sid).fetch());
  const { status, errorCode } = await beforeDeadline(fetching, deadline);
  return { status, twilioCode: twilioCodeOf(errorCode) };
}
