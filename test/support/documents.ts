import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import GitHubSlugger from 'github-slugger';
import MarkdownIt, { type Token } from 'markdown-it';

const markdown = new MarkdownIt({ html: true });

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A piece of a document, and where to find it. */
export interface Piece {
  /** Document and line, as editors open them. */
  readonly place: string;
  readonly text: string;
}

export interface CodeBlock extends Piece {
  readonly language: string;
  /** The file that the block is, if its first line says so: the second word after the backquotes. */
  readonly file?: string;
  /** What runs it: `<!-- runs in: FILE, FILE -->` before the block. */
  readonly runsIn: readonly string[];
  /** Why nothing can: `<!-- not run: REASON -->`. */
  readonly notRun?: string;
}

/** A Markdown document of the project, taken apart. */
export class Document {
  private readonly tokens: readonly Token[];
  private readonly inlines: readonly { line: number; token: Token }[];

  /** @param path from the root folder */
  constructor(readonly path: string) {
    this.tokens = markdown.parse(readFileSync(join(root, path), 'utf8'), {});
    let line = 0;
    this.inlines = this.tokens.flatMap(({ map, children }) => {
      line = map ? map[0] + 1 : line;
      return (children ?? []).map((token) => ({ line, token }));
    });
  }

  /** README.md, everything below docs/, and the README of the package. */
  static all(): Document[] {
    const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
    const paths = below.filter((path) => path.endsWith('.md')).map((path) => join('docs', path));
    return ['README.md', ...paths.toSorted(), 'libs/sms/README.md'].map((path) => new Document(path));
  }

  blocks(): CodeBlock[] {
    return this.tokens.flatMap((token, index) => {
      if (token.type !== 'fence' && token.type !== 'code_block') return [];
      const [language = '', file] = token.info.split(' ');
      const before = this.tokens[index - 1];
      const comment = before?.type === 'html_block' ? before.content : '';
      const runsIn = /<!-- runs in: (.+) -->/.exec(comment)?.[1].split(', ') ?? [];
      const notRun = /<!-- not run: (.+) -->/.exec(comment)?.[1];
      const place = this.placeOf(token.map![0] + 1);
      return [{ place, text: token.content, language, file, runsIn, notRun }];
    });
  }

  /** Addresses of links and images. */
  links(): Piece[] {
    const inMarkdown = this.inlines.flatMap(({ line, token }) => {
      const address = token.attrGet('href') ?? token.attrGet('src');
      return address === null ? [] : [{ place: this.placeOf(line), text: String(address) }];
    });
    const inHtml = this.tokens
      .filter(({ type }) => type === 'html_block')
      .flatMap(({ content, map }) =>
        [...content.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, text]) => ({
          place: this.placeOf(map![0] + 1),
          text,
        })),
      );
    return [...inMarkdown, ...inHtml];
  }

  /** What a link may name after its #, as GitHub makes it of the headings. */
  anchors(): Set<string> {
    const slugger = new GitHubSlugger();
    const headings = this.tokens.filter((_, index) => this.tokens[index - 1]?.type === 'heading_open');
    return new Set(
      headings.map(({ children }) => slugger.slug((children ?? []).map(({ content }) => content).join(''))),
    );
  }

  /** Code inside a sentence or a table. */
  spans(): Piece[] {
    return this.inlines
      .filter(({ token }) => token.type === 'code_inline')
      .map(({ line, token }) => ({ place: this.placeOf(line), text: token.content }));
  }

  /** @param address of a link in this document, without its anchor */
  resolve(address: string): string {
    return address === '' ? this.path : join(dirname(this.path), decodeURI(address));
  }

  private placeOf(line: number): string {
    return `${this.path}:${line}`;
  }
}

/** All blocks that say that this file runs them, by document. */
export function blocksRunIn(file: string): Map<string, CodeBlock[]> {
  const blocks = new Map<string, CodeBlock[]>();
  for (const document of Document.all()) {
    const run = document.blocks().filter(({ runsIn }) => runsIn.includes(file));
    if (run.length > 0) blocks.set(document.path, run);
  }
  return blocks;
}
