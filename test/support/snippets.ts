import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, type CodeBlock } from './documents.js';

/** TypeScript of the documentation as files, in a folder from which the project's packages are found. */
export class Snippets {
  private constructor(
    private readonly folder: string,
    private readonly places: ReadonlyMap<string, string>,
  ) {}

  /** Blocks of one document are one folder, so that they find each other by the names that they are given. */
  static write(blocks: readonly CodeBlock[]): Snippets {
    mkdirSync(join(root, 'dist'), { recursive: true });
    const folder = mkdtempSync(join(root, 'dist/snippets-'));
    const places = new Map<string, string>();
    for (const { place, file, text } of blocks) {
      const [document, line] = place.split(':');
      const path = join(document.replace(/\.md$/, ''), file ?? `line-${line}.ts`);
      places.set(path, place);
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      // A block without imports is a module too.
      writeFileSync(join(folder, path), `${text}\nexport {};\n`);
    }
    return new Snippets(folder, places);
  }

  /** What the compiler says of them, with the project's own settings. */
  async typeErrors(): Promise<string[]> {
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: true, rootDir: root, noUnusedLocals: false },
      include: [],
      exclude: [],
      files: [...this.places.keys()],
    };
    writeFileSync(join(this.folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const child = spawn(process.execPath, [tsc, '-p', this.folder, '--pretty', 'false'], {
      cwd: this.folder,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    await new Promise((resolve) => child.once('close', resolve));
    const lines = output.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.replace(/^[^(]+/, (path) => this.places.get(path) ?? path));
  }

  /** @param document whose blocks are in the folder */
  folderOf(document: string): string {
    return join(this.folder, document.replace(/\.md$/, ''));
  }

  /** Runs a block. @param file its name */
  async run<Exports>(document: string, file: string): Promise<Exports> {
    return (await import(join(this.folderOf(document), file))) as Exports;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
