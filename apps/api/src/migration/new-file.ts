import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, unlinkSync } from 'node:fs';
import { chmod, constants, copyFile, link, open, unlink, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errorCode, MigrationError } from './migration.errors.js';

const BUFFER_LENGTH = 64 * 1024;
const OWNER_ONLY = 0o600;

/** What stands at the path of a new file: nothing, the same, something else. */
export type Place = 'free' | 'same' | 'taken';

/**
 * A file that appears whole or not at all, and never over another one. Until then it is a temporary file beside its
 * place, which is removed when the process ends.
 */
export class NewFile {
  private readonly hash = createHash('sha256');
  /** Bytes: a text may be a part of a much longer one, and would hold it. */
  private buffer: Buffer[] = [];
  private buffered = 0;

  private constructor(
    readonly path: string,
    private readonly temporaryPath: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws MigrationError when nothing can be written there */
  static async beside(path: string): Promise<NewFile> {
    const temporaryPath = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const file = new NewFile(path, temporaryPath, await open(temporaryPath, 'wx', OWNER_ONLY));
      process.once('exit', file.removeAtExit);
      return file;
    } catch (error) {
      throw new MigrationError(`No file can be written there (${errorCode(error)}): ${path}`);
    }
  }

  /** Waits while the disk does, so that no more than a buffer is held. */
  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    this.buffer.push(bytes);
    this.buffered += bytes.length;
    if (this.buffered >= BUFFER_LENGTH) await this.flush();
  }

  /** To be called when all is written. */
  async place(): Promise<Place> {
    await this.flush();
    await this.handle.sync();
    await this.handle.close();
    try {
      const found = createHash('sha256');
      await pipeline(createReadStream(this.path), found);
      return found.digest().equals(this.hash.digest()) ? 'same' : 'taken';
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return 'free';
      return 'taken';
    }
  }

  /** @throws MigrationError if something has come to stand there */
  async publish(): Promise<void> {
    try {
      await this.putInPlace();
    } catch (error) {
      throw new MigrationError(`The file cannot be written (${errorCode(error)}): ${this.path}`);
    }
    await this.discard();
  }

  async discard(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await unlink(this.temporaryPath).catch(() => undefined);
    process.off('exit', this.removeAtExit);
  }

  /** A link does not replace what stands there. Some file systems have none. */
  private async putInPlace(): Promise<void> {
    try {
      await link(this.temporaryPath, this.path);
    } catch (error) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error))) throw error;
      await copyFile(this.temporaryPath, this.path, constants.COPYFILE_EXCL);
      await chmod(this.path, OWNER_ONLY);
    }
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.buffer);
    this.buffer = [];
    this.buffered = 0;
    this.hash.update(bytes);
    await this.handle.writeFile(bytes).catch((error: unknown) => {
      throw new MigrationError(`The file cannot be written (${errorCode(error)}): ${this.path}`);
    });
  }

  private readonly removeAtExit = (): void => {
    try {
      unlinkSync(this.temporaryPath);
    } catch {
      // it was never made, or is gone
    }
  };
}

/**
 * Publishes files that belong together: all of them, or none when the place of one is taken.
 * @returns whether anything was written: what stands there already is left alone
 * @throws MigrationError
 */
export async function publishTogether(files: readonly NewFile[]): Promise<boolean> {
  try {
    const places = await Promise.all(files.map((file) => file.place()));
    const taken = files.find((_, index) => places[index] === 'taken');
    if (taken) {
      throw new MigrationError(
        `There is another file already, and it is left as it is: ${taken.path}. Move it away, or choose another name.`,
      );
    }
    const free = files.filter((_, index) => places[index] === 'free');
    for (const file of free) await file.publish();
    return free.length > 0;
  } finally {
    for (const file of files) await file.discard();
  }
}
