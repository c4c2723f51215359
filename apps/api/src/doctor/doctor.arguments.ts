import { parseArgs } from 'node:util';
import { PhoneFormatError, PhoneNotAllowedError, PhoneNumber } from '@app/sms';

/** What the command line asks for. */
export interface DoctorArguments {
  readonly live: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly sendTo?: PhoneNumber;
}

/** The command line cannot be understood. The message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Holds the configuration against reality, and says how to mend what is wrong.

  npm run doctor -- [--live] [--send-to +12025550123] [--json]

  --live           also ask Twilio, and call the public URL; free of charge
  --send-to PHONE  with all of --live, send one real message there, and follow it to its end
  --json           one JSON document in place of lines
  --help           this text

Exit codes: 0 nothing failed, 1 something failed, 2 the command line is wrong.`;

/** @throws UsageError */
export function readArguments(args: readonly string[]): DoctorArguments {
  const { live = false, json = false, help = false, 'send-to': sendTo } = parse(args);
  const phone = sendTo === undefined ? undefined : phoneOf(sendTo);
  return { live: live || phone !== undefined, json, help, sendTo: phone };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        live: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        'send-to': { type: 'string' },
      },
    }).values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
        ? 'Only flags are understood. A phone goes behind --send-to.'
        : `${message.split('. ')[0]}.`,
    );
  }
}

function phoneOf(text: string): PhoneNumber {
  try {
    const phone = PhoneNumber.parse(text);
    phone.assertServed();
    return phone;
  } catch (error) {
    if (error instanceof PhoneFormatError || error instanceof PhoneNotAllowedError) {
      throw new UsageError(`--send-to: ${error.message}`);
    }
    throw error;
  }
}
