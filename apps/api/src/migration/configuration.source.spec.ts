import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { decode, readOldFile } from './configuration.source.js';
import { looksLikeCsv, readCsv } from './csv.source.js';
import { readEnv } from './env.source.js';
import { MigrationError } from './migration.errors.js';
import type { OldContent } from './old-file.js';
import { readProperties } from './properties.source.js';
import { readSql } from './sql.source.js';

/** `line name=value` of each parameter. */
const read = ({ parameters }: OldContent): string[] =>
  parameters.map(({ line, name, value }) => `${line} ${name}=${value}`);
const notRead = ({ unread }: OldContent): number[] => unread.map(({ line }) => line);

describe('A .env file', () => {
  it('is read as the service reads it, with the line of each parameter', () => {
    const content = readEnv(
      `# comment\r\nA=1\r\n\r\nexport B="two\nlines" # why\nserver.c: 'x # y'\nno parameter\nD='not closed\nE=\n`,
    );
    expect(read(content)).toEqual(['2 A=1', '4 B=two\nlines', '6 server.c=x # y', `8 D='not closed`, '9 E=']);
    expect(notRead(content)).toEqual([7]);
    expect(content.skipped).toEqual([1]);
  });

  it('has values that end in a backslash, or go on after one and a quote', () => {
    expect(read(readEnv(`A="C:\\"\nB="x"\n`))).toEqual(['1 A=C:\\', '2 B=x']);
    expect(read(readEnv(`A='\\'\n'\nB='x'\n`))).toEqual([`1 A=\\'\n`, '3 B=x']);
  });

  it('gives what dotenv gives, however strange it is', () => {
    const pieces = fc.constantFrom(
      'A=',
      'b.c=',
      "'",
      '"',
      '`',
      '\n',
      '\n',
      ' ',
      '#',
      'x',
      '\\',
      'export D=',
      ': ',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join('');
        // A value on the line below its name is the one thing that is read otherwise: as what stands on that line.
        fc.pre(!/[=:]\s*\n\s*['"`]/.test(text));
        expect(Object.fromEntries(readEnv(text).parameters.map(({ name, value }) => [name, value]))).toEqual(
          parse(text),
        );
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('A Java properties file', () => {
  it('may have any separator, continued lines and escapes', () => {
    const content = readProperties(
      '! note\r\na.b = 1\r\na.c: 2\r\na.d 3\r\n\r\na.e=one, \\\r\n    two\r\na.f=\\u5c0f\\u667a\r\na.g=x\\ny\r\na.h\r\n',
    );
    expect(read(content)).toEqual([
      '2 a.b=1',
      '3 a.c=2',
      '4 a.d=3',
      '6 a.e=one, two',
      '8 a.f=小智',
      '9 a.g=x\ny',
      '10 a.h=',
    ]);
    expect(content.skipped).toEqual([1]);
  });

  it('has a line without a name listed', () => {
    expect(notRead(readProperties('a=1\n=2\n'))).toEqual([2]);
  });
});

describe('A CSV export', () => {
  it('of name and value needs no heading', () => {
    expect(read(readCsv('server.a,1\r\n\r\n"server.b","x, ""y""\nz"\r\nserver.c,NULL\r\n'))).toEqual([
      '1 server.a=1',
      '3 server.b=x, "y"\nz',
      '5 server.c=',
    ]);
  });

  it.each([
    ['key,value\nserver.a,1\n', ['2 server.a=1']],
    ['key\tvalue\nserver.a\t{"b": 1}\n', ['2 server.a={"b": 1}']],
    ['Name;Value;Remark\nserver.a;1,2;x\n', ['2 server.a=1,2']],
    ['id\tparam_code\tparam_value\n7\tserver.a\t1\n', ['2 server.a=1']],
    ["1,server.a,x,string,1,'',,,,\n2,server.b,y,string,1,,,,,\n", ['1 server.a=x', '2 server.b=y']],
  ])('is read by its columns: %j', (text, parameters) => {
    expect(looksLikeCsv(text)).toBe(true);
    expect(read(readCsv(text))).toEqual(parameters);
  });

  it('has a row with more or fewer fields listed, and not cut', () => {
    const content = readCsv('server.a,1\nserver.b,US,GB\nserver.c\n,x\n');
    expect(read(content)).toEqual(['1 server.a=1']);
    expect(notRead(content)).toEqual([2, 3, 4]);
  });

  it('with quotes that are not closed is refused by line, without its text', () => {
    expect(() => readCsv('a,1\nb,"canary\n')).toThrow(MigrationError);
    expect(() => readCsv('a,1\nb,"canary\n')).not.toThrow(/canary/);
  });
});

describe('A dump of the parameter table', () => {
  it('is read with the columns of the table, or with those that it names', () => {
    const content = readSql(
      "-- dump\nINSERT INTO `sys_params` VALUES (1,'server.a','it''s \\'x\\'; (y)\\n','string',1,NULL,NULL,NOW(),NULL,NULL),\n" +
        "(2,'server.b',5,'number',1,'a,b',NULL,NULL,NULL,NULL);\n" +
        "insert ignore into db.sys_params (param_value, param_code) values (_utf8mb4'v', \"server.c\"), (NULL,'server.d');\n",
    );
    expect(read(content)).toEqual([
      "2 server.a=it's 'x'; (y)\n",
      '3 server.b=5',
      '4 server.c=v',
      '4 server.d=',
    ]);
    expect(content.unread).toEqual([]);
    expect(content.skipped).toEqual([1]);
  });

  it('has rows and statements listed that it cannot take over', () => {
    const content = readSql(
      "INSERT INTO sys_params VALUES (1,'a');\nINSERT INTO other VALUES (1);\nUPDATE sys_params SET param_value='x';\n" +
        "INSERT INTO sys_params (param_code,param_value) VALUES ('a',CONCAT('b','c')),\n('','x'),\n('d','cut off",
    );
    expect(content.parameters).toEqual([]);
    expect(notRead(content)).toEqual([1, 3, 4, 5, 6]);
    expect(content.skipped).toEqual([2]);
  });

  it('may be long', () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, index) => `(${index},'p${index}','${'\\"x'.repeat(20)}')`,
    );
    const sql = `INSERT INTO sys_params (id,param_code,param_value) VALUES ${rows.join(',\n')};`;
    expect(readSql(sql).parameters).toHaveLength(20_000);
  });
});

describe('An old file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'old-file-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function file(name: string, content: string | Buffer): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  }

  it.each([
    ['old.env', 'server.a=1', 'env'],
    ['.env.production', 'server.a=1', 'env'],
    ['a.properties', 'server.a 1', 'properties'],
    ['b.txt', 'server.a=1 \\\n 2', 'properties'],
    ['c.txt', 'server.a=1', 'env'],
    ['d.txt', 'server.a,1', 'csv'],
    ['e.csv', 'server.a,1', 'csv'],
    ['f.txt', "INSERT INTO sys_params (param_code,param_value) VALUES ('server.a','1');", 'sql'],
  ])('%s with %j is recognised', async (name, text, format) => {
    const { parameters, format: found } = await readOldFile(await file(name, text));
    expect(found).toBe(format);
    expect(parameters[0].name).toBe('server.a');
  });

  it('is read in the form that is asked for', async () => {
    const { parameters } = await readOldFile(await file('g.txt', 'server.a 1'), 'properties');
    expect(parameters).toEqual([{ name: 'server.a', value: '1', line: 1 }]);
  });

  it.each([
    ['UTF-8 with a mark', Buffer.from('\ufeffa=智', 'utf8'), 'utf-8'],
    ['UTF-16', Buffer.from('\ufeffa=智', 'utf16le'), 'utf-16le'],
    ['UTF-16 without a mark', Buffer.from('a=智', 'utf16le'), 'utf-16le'],
    ['UTF-16, big-endian', Buffer.from('\ufeffa=智', 'utf16le').swap16(), 'utf-16be'],
    ['GB 18030', Buffer.from([0x61, 0x3d, 0xd6, 0xc7]), 'gb18030'],
  ])('may be in %s', (_, bytes, encoding) => {
    expect(decode(bytes)).toEqual({ text: 'a=智', encoding });
  });

  it.each([
    [
      'a picture',
      'x.env',
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]),
      /not a text file/,
    ],
    ['YAML', 'x.yml', 'server:\n  a: 1\n', /\.yml file cannot be read/],
    ['a letter', 'x.txt', 'Dear colleague\nplease find enclosed\n', /No parameters were found/],
    ['an empty file', 'empty', '', /No parameters were found/],
  ])('that is %s is refused in one line that says what it has to be', async (_, name, content, reason) => {
    const path = await file(name, content);
    await expect(readOldFile(path)).rejects.toThrow(reason);
    await expect(readOldFile(path)).rejects.toThrow(
      /\.env file, Java properties, a key,value CSV, or INSERT/,
    );
  });

  it('that is not there, or is a folder, is refused', async () => {
    await expect(readOldFile(join(folder, 'none'))).rejects.toThrow(/cannot be read \(ENOENT\)/);
    await expect(readOldFile(folder)).rejects.toThrow(/cannot be read \(EISDIR\)/);
  });
});
