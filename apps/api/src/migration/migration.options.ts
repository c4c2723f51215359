import { parseArgs } from 'node:util';
import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import { MigrationError, USAGE_EXIT_CODE } from './migration.errors.js';
import { FORMATS, type Format } from './old-file.js';

export const USAGE = `Turns a configuration for Aliyun SMS into one for Twilio, and phone numbers into E.164.

  npm run migrate:aliyun -- FILE                          a .env or properties file, a key,value CSV, or SQL INSERTs of sys_params
  npm run migrate:aliyun -- --phones LIST --country CN    a list with one number per line

  --dry-run          show the difference, write nothing
  --out PATH         the new configuration; without it FILE.twilio.env
  --format FORMAT    of FILE, if it is not recognised: ${FORMATS.join(', ')}
  --phones LIST      writes LIST.e164, and LIST.failed.csv with what could not be converted
  --country CC       of numbers without a country code, two letters
  --help             this text

Nothing is ever written over an existing file.
`;

export interface MigrationOptions {
  readonly file?: string;
  readonly format?: Format;
  readonly out?: string;
  readonly phones?: string;
  readonly country?: CountryCode;
  readonly dryRun: boolean;
  readonly help: boolean;
}

/** @throws MigrationError that says how to call it */
export function readOptions(args: readonly string[]): MigrationOptions {
  const { values, positionals } = parsed(args);
  const { out, phones, help = false, 'dry-run': dryRun = false } = values;
  const [file, ...more] = positionals;
  const usage = (problem: string): MigrationError =>
    new MigrationError(`${problem} See npm run migrate:aliyun -- --help`, USAGE_EXIT_CODE);
  if (help) return { dryRun, help };
  if (more.length > 0) throw usage('Only one FILE can be given.');
  if (file === undefined && phones === undefined)
    throw usage('Give the FILE with the old configuration, or --phones LIST.');
  if (out !== undefined && file === undefined)
    throw usage('--out names the new configuration, so FILE is needed too.');
  if (values.country !== undefined && phones === undefined)
    throw usage('--country belongs to --phones LIST.');
  const country = values.country?.toUpperCase();
  if (country !== undefined && !isSupportedCountry(country)) {
    throw usage('--country must be an ISO 3166 code of two letters, such as CN.');
  }
  const format = FORMATS.find((known) => known === values.format);
  if (values.format !== undefined && !format) throw usage(`--format must be one of ${FORMATS.join(', ')}.`);
  return { file, format, out, phones, country, dryRun, help };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        format: { type: 'string' },
        out: { type: 'string' },
        phones: { type: 'string' },
        country: { type: 'string' },
      },
    });
  } catch (error) {
    const [first] = (error as Error).message.split(/(?<=\.)\s/);
    throw new MigrationError(
      `${first.replace(/\.?$/, '.')} See npm run migrate:aliyun -- --help`,
      USAGE_EXIT_CODE,
    );
  }
}
