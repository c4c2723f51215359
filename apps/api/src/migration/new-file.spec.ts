import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NewFile, publishTogether } from './new-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'new-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function written(name: string, text: string): Promise<NewFile> {
  const file = await NewFile.beside(join(folder, name));
  await file.write(text);
  return file;
}

describe('A new file', () => {
  it('is not there before it is whole, then belongs to its owner alone, and nothing else is left', async () => {
    const file = await written('a', 'x'.repeat(200_000));
    expect(await readdir(folder)).not.toContain('a');
    expect(await publishTogether([file])).toBe(true);
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readFile(join(folder, 'a'), 'utf8')).toHaveLength(200_000);
    expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o600);
  });

  it('that is there already is not touched', async () => {
    await publishTogether([await written('a', 'x')]);
    const before = await stat(join(folder, 'a'));
    expect(await publishTogether([await written('a', 'x')])).toBe(false);
    expect(await stat(join(folder, 'a'))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('completes a pair of which one is there', async () => {
    await publishTogether([await written('a', 'x')]);
    expect(await publishTogether([await written('a', 'x'), await written('b', 'y')])).toBe(true);
    expect((await readdir(folder)).toSorted()).toEqual(['a', 'b']);
  });

  it('does not replace what came to stand there after it was looked at', async () => {
    const file = await written('a', 'x');
    expect(await file.place()).toBe('free');
    await writeFile(join(folder, 'a'), 'mine');
    await expect(file.publish()).rejects.toThrow(/cannot be written \(EEXIST\)/);
    await file.discard();
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('cannot be in a folder that is not there', async () => {
    await expect(NewFile.beside(join(folder, 'none', 'a'))).rejects.toThrow(
      /No file can be written there \(ENOENT\)/,
    );
  });
});
