import { stat } from 'node:fs/promises';
import { readOldFile } from './configuration.source.js';
import { MigrationError } from './migration.errors.js';
import { readOptions, USAGE, type MigrationOptions } from './migration.options.js';
import { configurationReport, differenceReport, phoneListReport } from './migration.report.js';
import { newConfiguration } from './new-configuration.js';
import { NewFile, publishTogether } from './new-file.js';
import { convertPhoneList } from './phone-list.js';
import { ProgressBar, type ProgressOutput } from './progress-bar.js';

export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: ProgressOutput;
}

/**
 * The command `npm run migrate:aliyun`.
 * @param args of the command line
 * @returns the exit code
 */
export async function migrate(args: readonly string[], { stdout, stderr }: Streams): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) stdout.write(USAGE);
    if (options.file !== undefined) stdout.write(await migrateConfiguration(options.file, options));
    if (options.phones !== undefined) stdout.write(await migratePhones(options.phones, options, stderr));
    return 0;
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

/** @returns what to tell the operator */
async function migrateConfiguration(
  file: string,
  { format, out = `${file}.twilio.env`, dryRun }: MigrationOptions,
): Promise<string> {
  const old = await readOldFile(file, format);
  const configuration = newConfiguration(old);
  if (configuration.migratedBefore) {
    return `${file} has nothing of Aliyun in it, and parameters of Twilio: it is migrated already. Nothing was changed.\n`;
  }
  const report = configurationReport(file, old, configuration);
  if (dryRun)
    return `${report}\n${differenceReport(file, out, configuration)}\nNothing was written (--dry-run).\n`;
  const target = await NewFile.beside(out);
  await target.write(configuration.text);
  const isNew = await publishTogether([target]);
  return isNew
    ? `${report}\nWritten: ${out}. Only you can read it. Fill in what is empty, then use it as .env of this service.\n`
    : `${report}\nThere is nothing to do: ${out} has all of this already.\n`;
}

/** @returns what to tell the operator */
async function migratePhones(
  list: string,
  { country, dryRun }: MigrationOptions,
  terminal: ProgressOutput,
): Promise<string> {
  const bar = new ProgressBar(terminal, await sizeOf(list));
  const [converted, failed] = dryRun
    ? []
    : [await NewFile.beside(`${list}.e164`), await NewFile.beside(`${list}.failed.csv`)];
  const files = [converted, failed].filter((file) => file !== undefined);
  try {
    const result = await convertPhoneList(list, {
      country,
      converted: async (text) => converted?.write(text),
      failed: async (text) => failed?.write(text),
      progress: (bytes, lines) => bar.update(bytes, lines),
    });
    const report = phoneListReport(list, result);
    if (dryRun) return `${report}\nNothing was written (--dry-run).\n`;
    const isNew = await publishTogether(files);
    const names = files.map(({ path }) => path).join(' and ');
    return isNew
      ? `${report}\nWritten: ${names}.\n`
      : `${report}\nThere is nothing to do: ${names} have all of this already.\n`;
  } finally {
    bar.end();
    for (const file of files) await file.discard();
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0, // reading it tells why
  );
}
