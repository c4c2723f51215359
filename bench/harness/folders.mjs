// Folders that are gone when the benchmark is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made = new Set();

process.once('exit', () => made.forEach(removeFolder));

export function makeFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  made.add(folder);
  return folder;
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  made.delete(folder);
}
