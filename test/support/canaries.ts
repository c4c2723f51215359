import { createHash } from 'node:crypto';

const HASHES = ['md5', 'sha1', 'sha224', 'sha256', 'sha512'];
/** Every form is longer, so that a text is looked at once for all of them. */
const START_LENGTH = 8;

/** Values that nobody may see, and a search for them in every form that programs print bytes in. */
export class Canaries {
  private readonly byStart = new Map<string, { name: string; form: string }[]>();
  private readonly values = new Set<string>();

  /** How many values. */
  get size(): number {
    return this.values.size;
  }

  /** @param name under which it is reported; several values may share one */
  add(name: string, value: string): void {
    if (this.values.has(value)) return;
    this.addBytes(name, Buffer.from(value));
  }

  addBytes(name: string, bytes: Buffer): void {
    this.values.add(bytes.toString('latin1'));
    for (const form of formsOf(bytes)) this.addForm(name, form);
  }

  /** A number in E.164, of which eleven digits are as telling as all. Hashes without a key can be tried out. */
  addPhone(phone: string): void {
    this.add('phone', phone.slice(-11));
    for (const spelling of [phone, phone.slice(1), phone.slice(-11)])
      this.addHashes('hash of a phone', spelling);
  }

  addCode(code: string, phone: string): void {
    this.add('code', code);
    for (const text of [code, phone + code, code + phone]) this.addHashes('hash of a code', text);
  }

  /** @returns the names of those that are in it, each once */
  foundIn(haystack: string | Buffer): string[] {
    const text = Buffer.from(haystack as string).toString('latin1');
    const found = new Set<string>();
    for (let position = 0; position <= text.length - START_LENGTH; position += 1) {
      const forms = this.byStart.get(text.slice(position, position + START_LENGTH)) ?? [];
      for (const { name, form } of forms) if (text.startsWith(form, position)) found.add(name);
    }
    return [...found].toSorted();
  }

  private addHashes(name: string, text: string): void {
    for (const algorithm of HASHES) {
      const digest = createHash(algorithm).update(text).digest();
      this.addForm(name, digest.toString('latin1'));
      for (const form of formsOf(digest)) this.addForm(name, form);
    }
  }

  private addForm(name: string, form: string): void {
    if (form.length < START_LENGTH) throw new Error('a canary has to be longer');
    const start = form.slice(0, START_LENGTH);
    this.byStart.set(start, [...(this.byStart.get(start) ?? []), { name, form }]);
  }
}

/** As it is, in an address, in hex (also as Node prints a buffer), and in base64 at any place of a longer text. */
export function formsOf(bytes: Buffer): Set<string> {
  const raw = bytes.toString('latin1');
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((offset) => base64At(bytes, offset));
  return new Set([
    raw,
    encodeURIComponent(raw),
    new URLSearchParams({ '': raw }).toString().slice(1),
    hex,
    hex.toUpperCase(),
    hex.replaceAll(/..(?!$)/g, '$& '),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ]);
}

/** Without the characters that also depend on the bytes before and after. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
