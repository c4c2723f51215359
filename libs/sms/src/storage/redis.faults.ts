import { types } from 'node:util';
import { StoreUnavailableError } from '../sms.errors.js';

const TIMED_OUT = /^(?:Command timed out|Socket timeout|timeout$)/; // as the client says it
/** The error of a reply, also of one inside a script (Redis 6) and of the last one that a cluster was asked for. */
const REPLY = /(?:^ERR Error running script.* -|Last error: (?:\w*Error: )?|^)([A-Z]{2,20})(?: |$)/s;
/** There is no connection, so the command was not sent, or its answer is lost. */
const NOT_CONNECTED = 'unreachable';

/** What Redis or the connection reported, as one word; never its text, which may repeat arguments. */
export function faultOf(error: unknown): string {
  if (!types.isNativeError(error)) return 'unknown';
  if (error instanceof StoreUnavailableError) return error.fault;
  const { code, lastNodeError } = error as NodeJS.ErrnoException & { lastNodeError?: unknown };
  if (lastNodeError) return faultOf(lastNodeError); // of a cluster, none of whose nodes answered
  if (TIMED_OUT.test(error.message)) return 'timeout';
  if (error.message.startsWith("ERR The user executing the script can't")) return 'NOPERM'; // as Redis 7 says it
  const reply = REPLY.exec(error.message);
  if (reply) return reply[1];
  return typeof code === 'string' ? code : NOT_CONNECTED;
}

/** Whether this tells only that there is no connection, and not why. */
export function isNotConnected(fault: string): boolean {
  return fault === NOT_CONNECTED;
}
