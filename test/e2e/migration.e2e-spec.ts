import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse as parseCsv } from 'csv-parse/sync';
import { loadParameters } from '../../apps/api/src/config/load-parameters.js';
import { migrate } from '../../apps/api/src/migration/migration.command.js';
import { blocksRunIn } from '../support/documents.js';
import { randomPhoneList, type WrittenPhone } from '../support/phone-list.js';
import { temporaryFolder } from '../support/stores.js';

const COMMAND = fileURLToPath(new URL('../../scripts/migrate-aliyun.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/apps/api/src/migration/migration.main.js', import.meta.url));
/** Two thirds of what the long lists below take on the disk, or less; the command itself takes half of it. */
const SMALL_HEAP_MIB = 48;
const NUMBER = '13800138000\n';

/** The parameters of an installation that has been in use: 13, with what its people have put into them. */
const OLD: readonly [name: string, value: string][] = [
  ['server.name', '小智 "phone" #1'],
  ['server.beian_icp_num', 'null'],
  ['server.beian_ga_num', 'null'],
  ['server.enable_mobile_register', 'true'],
  ['server.sms_max_send_count', '7'],
  ['server.allow_user_register', 'false'],
  ['server.secret', 'canary-secret-0c5c1a9e-0000-4a3e'],
  ['server.websocket', 'ws://10.0.0.1:8000/v1/;ws://10.0.0.2:8000/v1/'],
  ['server.fronted_url', "https://example.com/#/login?a=b&c=it's"],
  ['aliyun.sms.access_key_id', 'canary-key-id'],
  ['aliyun.sms.access_key_secret', 'canary-key-secret'],
  ['aliyun.sms.sign_name', '小智'],
  ['aliyun.sms.sms_code_template_code', 'SMS_000000000'],
];
const KEPT = OLD.filter(([name]) => name.startsWith('server.'));

const EXPORTS: Record<string, string> = {
  'old.env': OLD.map(([name, value]) => `${name}=${value.includes('#') ? `\`${value}\`` : value}`).join('\n'),
  'old.properties': OLD.map(([name, value]) => `${name} = ${inUnicodeEscapes(value)}`).join('\r\n'),
  'old.csv': `\ufeffkey,value\r\n${OLD.map(([name, value]) => `${name},"${value.replaceAll('"', '""')}"`).join('\r\n')}\r\n`,
  'old.sql': `INSERT INTO \`sys_params\` VALUES\n${OLD.map(inTable).join(',\n')};\n`,
};

const TWILIO = {
  'twilio.sms.account_sid': 'AC0123456789abcdef0123456789abcdef',
  'twilio.sms.auth_token': '0123456789abcdef0123456789abcdef',
  'twilio.sms.phone_number': '+12025550123',
};

function inUnicodeEscapes(text: string): string {
  return text.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function inTable([name, value]: [string, string], index: number): string {
  const text = value.replaceAll("'", "\\'").replaceAll('"', '\\"');
  return `(${100 + index},'${name}','${text}','string',1,'系统''s',NULL,NULL,NULL,'2025-09-19 19:18:11')`;
}

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...args: readonly string[]): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  const exitCode = await migrate(args, {
    stdout: { write: (text) => void (printed.stdout += text) },
    stderr: { write: (text) => void (printed.stderr += text) },
  });
  return { exitCode, ...printed };
}

/** The built command in a process of its own. @param program what Node runs, with its options before it */
async function runProcess(program: readonly string[], args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...program, ...args], {
    cwd: folder,
  });
  expect(stderr).toBe('');
  return stdout;
}

const runInSmallHeap = (list: string): Promise<string> =>
  runProcess([`--max-old-space-size=${SMALL_HEAP_MIB}`, MAIN], ['--phones', list, '--country', 'CN']);

/** What stands after `npm run migrate:aliyun --` in the commands of a document. */
function documentedArguments(): string[][] {
  const commands = [...blocksRunIn('test/e2e/migration.e2e-spec.ts').values()]
    .flat()
    .flatMap(({ text }) => text.trim().split('\n'));
  return commands.map((command) => {
    const args = /^npm run migrate:aliyun -- ([\w. -]+)$/.exec(command)?.[1];
    if (args === undefined) throw new Error(`It is not known how to run this: ${command}`);
    return args.split(' ');
  });
}

async function file(name: string, content: Parameters<typeof writeFile>[1]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** Every file of the folder, with what is in it and when it was changed. */
async function everything(): Promise<unknown[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { mtimeMs, mode, ino } = await stat(path);
      return { name, mtimeMs, mode, ino, content: await readFile(path, 'latin1') };
    }),
  );
}

describe('The migration of a configuration with 13 parameters', () => {
  it.each(Object.keys(EXPORTS))(
    '%s: loses none, shows no value, and a second run changes nothing',
    async (name) => {
      const old = await file(name, EXPORTS[name]);
      const { exitCode, stdout, stderr } = await run(old);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain('13 parameters: 4 removed, 9 kept, 0 left out.');
      for (const [parameter] of OLD) expect(stdout).toContain(parameter);
      expect(stdout).not.toMatch(/canary|SMS_000|10\.0\.0\.1|example\.com/);

      const before = await everything();
      expect(before).toMatchObject([
        { name, content: Buffer.from(EXPORTS[name]).toString('latin1') },
        { mode: 0o100600 },
      ]);
      expect(await run(old)).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('There is nothing to do'),
      });
      expect(await everything()).toEqual(before);
    },
  );

  it('writes the same file from every form of the export', async () => {
    const written = [];
    for (const [name, content] of Object.entries(EXPORTS)) {
      await run(await file(name, content));
      written.push(await readFile(join(folder, `${name}.twilio.env`), 'utf8'));
    }
    expect(new Set(written).size).toBe(1);
    expect(written[0]).not.toContain('canary-key');
  });

  it('writes a file that the service starts with, once the values of Twilio are in it', async () => {
    const old = await file('old.sql', EXPORTS['old.sql']);
    await run(old);
    const path = `${old}.twilio.env`;
    const load = () => loadParameters({ environment: { DATA_PATH: join(folder, 'data') }, envFile: path });
    expect(load().parameters.demo).toBe(true);

    const filledIn = Object.entries(TWILIO).reduce(
      (text, [name, value]) => text.replace(`\n${name}=\n`, `\n${name}=${value}\n`),
      await readFile(path, 'utf8'),
    );
    await writeFile(path, filledIn);
    const { parameters, warnings } = load();
    expect(parameters).toMatchObject({
      demo: false,
      twilioSmsAccountSid: TWILIO['twilio.sms.account_sid'],
      twilioSmsTemplateMessage: 'Your verification code is: %s',
      serverSmsMaxSendCount: 7,
      serverEnableMobileRegister: true,
    });
    expect(parameters.serverSecret[0].reveal()).toBe(Object.fromEntries(KEPT)['server.secret']);
    expect(warnings.join('\n')).not.toMatch(/aliyun/);
  });

  it('with --dry-run shows the difference, no secret, and writes nothing', async () => {
    const old = await file('old.csv', EXPORTS['old.csv']);
    const before = await everything();
    const { exitCode, stdout } = await run(old, '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`\n--- ${old}\n+++ ${old}.twilio.env\n`);
    expect(stdout).toContain('\n-aliyun.sms.access_key_secret=(not shown)\n');
    expect(stdout).toContain('\n server.sms_max_send_count=7\n');
    expect(stdout).toContain('\n server.secret=(not shown)\n');
    expect(stdout).toContain('\n+twilio.sms.auth_token=\n');
    expect(stdout).toContain('Nothing was written');
    expect(stdout).not.toContain('canary');
    expect(await everything()).toEqual(before);
  });

  it.each(['a file', 'an empty file', 'a folder', 'a link to nowhere'])(
    'leaves %s that is in its place as it is, and says so in one line',
    async (kind) => {
      const old = await file('old.env', EXPORTS['old.env']);
      const out = join(folder, 'new.env');
      if (kind === 'a folder') await mkdir(out);
      else if (kind === 'a link to nowhere') await symlink(join(folder, 'nowhere'), out);
      else await writeFile(out, kind === 'a file' ? 'mine' : '');
      const before = (await readdir(folder)).toSorted();
      const { exitCode, stdout, stderr } = await run(old, '--out', out);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toMatch(/^[^\n]*new\.env[^\n]*\n$/);
      expect((await readdir(folder)).toSorted()).toEqual(before);
      if (kind === 'a file') expect(await readFile(out, 'utf8')).toBe('mine');
    },
  );

  it('takes a file that it wrote for migrated, and leaves it alone', async () => {
    const old = await file('old.env', EXPORTS['old.env']);
    await run(old);
    const before = await everything();
    const { exitCode, stdout } = await run(`${old}.twilio.env`);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining('is migrated already'),
    });
    expect(await everything()).toEqual(before);
  });
});

describe('The commands of docs/migration.md', () => {
  it('run from any folder, one after the other, and do what it says', async () => {
    await file('old.sql', EXPORTS['old.sql']);
    await file('phones.txt', `${NUMBER}x\n`);
    const printed = [];
    for (const args of documentedArguments()) printed.push(await runProcess([COMMAND], args));
    expect(printed).toEqual([
      expect.stringContaining('Nothing was written (--dry-run).'),
      expect.stringContaining('Written: new.env.'),
      expect.stringContaining('Written: phones.txt.e164 and phones.txt.failed.csv.'),
    ]);
    expect((await readdir(folder)).toSorted()).toEqual([
      'new.env',
      'old.sql',
      'phones.txt',
      'phones.txt.e164',
      'phones.txt.failed.csv',
    ]);
  });
});

describe('The migration of 10,000 phone numbers of mixed spelling', () => {
  it('converts or lists every one, and a second run changes nothing', async () => {
    const { seed, phones } = randomPhoneList(10_000);
    const list = await file('phones.txt', phones.map(({ spelling }) => spelling).join('\n') + '\n');
    const { exitCode, stdout, stderr } = await run('--phones', list, '--country', 'CN');
    const where = `seed ${seed}`;
    expect({ where, exitCode, stderr }).toEqual({ where, exitCode: 0, stderr: '' });

    const converted = (await readFile(`${list}.e164`, 'utf8')).trim().split('\n');
    const [, ...failed] = parseCsv(await readFile(`${list}.failed.csv`, 'utf8'));
    const numbered = phones.map((phone, index) => ({ ...phone, line: index + 1 }));
    const expected = (kind: WrittenPhone['kind']) => numbered.filter((phone) => phone.kind === kind);
    expect({ where, converted }).toEqual({ where, converted: expected('phone').map(({ e164 }) => e164) });
    expect({ where, failed: failed.map(([line, , input]) => [line, input]) }).toEqual({
      where,
      failed: expected('none').map(({ line, spelling }) => [`${line}`, spelling]),
    });
    const blank = expected('blank').length;
    expect(converted.length + failed.length + blank).toBe(10_000);
    expect(stdout).toContain(
      `10,000 lines: ${converted.length.toLocaleString('en')} converted, ${failed.length.toLocaleString('en')} not converted, ${blank.toLocaleString('en')} blank.`,
    );
    expect(stdout).toContain(
      `${(converted.length - new Set(converted).size).toLocaleString('en')} lines with a number that an earlier`,
    );
    expect(stdout).not.toMatch(/\d{7}/);

    const before = await everything();
    expect(before).toMatchObject([{ name: 'phones.txt' }, { mode: 0o100600 }, { mode: 0o100600 }]);
    expect(await run('--phones', list, '--country', 'CN')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('There is nothing to do'),
    });
    expect(await everything()).toEqual(before);
  });

  it('with --dry-run counts, and writes nothing', async () => {
    const list = await file('phones.txt', '13800138000\r\n\r\nx\r\n');
    const before = await everything();
    const { exitCode, stdout } = await run('--phones', list, '--country', 'cn', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('3 lines: 1 converted, 1 not converted, 1 blank.');
    expect(await everything()).toEqual(before);
  });

  it('writes neither file when one of the two places is taken', async () => {
    const list = await file('phones.txt', '13800138000\n');
    await file('phones.txt.failed.csv', 'mine');
    const before = await everything();
    expect(await run('--phones', list, '--country', 'CN')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await everything()).toEqual(before);
  });

  it('draws its progress on a terminal, beside what it prints', async () => {
    const list = await file('phones.txt', NUMBER);
    const drawn: string[] = [];
    const printed: string[] = [];
    await migrate(['--phones', list, '--country', 'CN'], {
      stdout: { write: (text) => printed.push(text) },
      stderr: { isTTY: true, write: (text) => drawn.push(text) },
    });
    expect(drawn).toEqual([expect.stringMatching(/^\r\[#{30}] 100 % {2}1 lines$/), '\r\x1b[K']);
    expect(printed.join('')).not.toContain('\r');
  });
});

describe('A list of phone numbers', () => {
  it('in UTF-16 is read, and what is no text is refused', async () => {
    const list = await file('phones.txt', Buffer.from('\ufeff13800138000\r\n13900139000', 'utf16le'));
    expect(await run('--phones', list, '--country', 'CN')).toMatchObject({ exitCode: 0 });
    expect(await readFile(`${list}.e164`, 'utf8')).toBe('+8613800138000\n+8613900139000\n');

    const picture = await file('phones.png', '\x89PNG\0\0\0');
    const { exitCode, stderr } = await run('--phones', picture, '--country', 'CN');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/is not a text file in UTF-8, UTF-16 or GB 18030/),
    });
    expect(await readdir(folder)).not.toContain('phones.png.e164');
  });

  it('in GB 18030, as Excel writes it in China, is read, wherever its first Chinese character stands', async () => {
    const plain = 6_000;
    const inFullWidth = 4_000;
    const zhangSan = Buffer.from([0xd5, 0xc5, 0xc8, 0xfd, 0x0d, 0x0a]);
    const fullWidth = Buffer.from(
      [...Buffer.from(NUMBER)].flatMap((byte) => (byte === 0x0a ? [byte] : [0xa3, 0x80 + byte])),
    );
    // The first line makes the pieces in which a file is read end within a character.
    const list = await file(
      'phones.txt',
      Buffer.concat([
        Buffer.from(`\n${NUMBER.repeat(plain)}`),
        ...Array<Buffer>(inFullWidth).fill(fullWidth),
        zhangSan,
      ]),
    );

    const { stdout } = await run('--phones', list, '--country', 'CN');
    expect(stdout).toContain('text in GB18030, 10,002 lines: 10,000 converted, 1 not converted, 1 blank.');
    expect(await readFile(`${list}.e164`, 'utf8')).toBe('+8613800138000\n'.repeat(plain + inFullWidth));
    expect(await readFile(`${list}.failed.csv`, 'utf8')).toBe(
      'line,reason,input\n10002,"is not a phone number",张三\n',
    );
  });

  it('in no known encoding is read all the same, and its broken lines are listed', async () => {
    const list = await file('phones.txt', Buffer.from(`${NUMBER}13800138000\xff\n${NUMBER}`, 'latin1'));
    const { stdout } = await run('--phones', list, '--country', 'CN');
    expect(stdout).toContain('3 lines: 2 converted, 1 not converted, 0 blank.');
    expect(stdout).toContain('line 2    has characters that cannot be read');
  });

  it('may be far longer than the memory; every line is accounted for', async () => {
    const rounds = 300;
    const junk = `${'x'.repeat(320)}\n`;
    const blank = `${' '.repeat(320)}\n`;
    const full = NUMBER.repeat(5) + junk.repeat(200) + blank.repeat(195);
    const sparse = `${blank.repeat(399)}no number, but longer than one\n`;
    const list = await file('phones.txt', [
      ...Array<string>(rounds).fill(full),
      ...Array<string>(rounds).fill(sparse),
    ]);
    expect((await stat(list)).size).toBeGreaterThan(1.5 * SMALL_HEAP_MIB * 2 ** 20);

    const converted = rounds * 5;
    const failed = rounds * 201;
    expect(await runInSmallHeap(list)).toContain(
      '240,000 lines: 1,500 converted, 60,300 not converted, 178,200 blank.',
    );
    expect(await readFile(`${list}.e164`, 'utf8')).toBe('+8613800138000\n'.repeat(converted));
    const table = await readFile(`${list}.failed.csv`, 'latin1');
    expect(table.split('\n')).toHaveLength(1 + failed + 1);
  }, 60_000);

  it('may have a line that does not end; it is cut and listed, and those around it are converted', async () => {
    const mebibyte = '1'.repeat(2 ** 20);
    const list = await file('phones.txt', [NUMBER, ...Array<string>(100).fill(mebibyte), `\n${NUMBER}`]);
    expect(await runInSmallHeap(list)).toContain('3 lines: 2 converted, 1 not converted, 0 blank.');
    expect(await readFile(`${list}.e164`, 'utf8')).toBe('+8613800138000\n+8613800138000\n');
    expect(parseCsv(await readFile(`${list}.failed.csv`, 'utf8'))).toEqual([
      ['line', 'reason', 'input'],
      ['2', 'is longer than 4096 characters; those are all that is kept of it', '1'.repeat(4096)],
    ]);
  }, 60_000);
});

describe('The command line of the migration', () => {
  it.each([
    [[], /Give the FILE/],
    [['--phone', 'x'], /Unknown option '--phone'/],
    [['a', 'b'], /Only one FILE/],
    [['--phones', 'x', '--country', 'China'], /two letters, such as CN/],
    [['a', '--country', 'CN'], /--country belongs to --phones/],
    [['--phones', 'x', '--out', 'y'], /FILE is needed/],
    [['a', '--format', 'xml'], /must be one of env, properties, csv, sql/],
  ])('%j is refused with 2, in a line that says what to do', async (args, reason) => {
    const { exitCode, stdout, stderr } = await run(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(reason);
    expect(stderr).toMatch(/^[^\n]+ See npm run migrate:aliyun -- --help\n$/);
  });

  it('explains itself', async () => {
    const { exitCode, stdout } = await run('--help');
    expect(exitCode).toBe(0);
    for (const option of ['--dry-run', '--out', '--format', '--phones', '--country'])
      expect(stdout).toContain(option);
  });

  it('names a file that is not there', async () => {
    expect(await run(join(folder, 'none'))).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^The file cannot be read \(ENOENT\): .*none\n$/),
    });
    expect(await run('--phones', join(folder, 'none'), '--country', 'CN')).toMatchObject({ exitCode: 1 });
  });
});
