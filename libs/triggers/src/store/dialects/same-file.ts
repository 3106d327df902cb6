import { statSync } from 'node:fs';
import { TriggersError } from '../../model/errors.js';

/**
 * Knows whether a path still leads to the file that was opened. SQLite in WAL mode goes on writing to a file that was
 * deleted or replaced, and reports success; what is committed there, nobody can ever read again.
 */
export class SameFile {
  readonly #device: bigint;
  readonly #inode: bigint;

  /** @param path a file that is open now */
  constructor(private readonly path: string) {
    const found = statSync(path, { bigint: true });
    this.#device = found.dev;
    this.#inode = found.ino;
  }

  /** @throws TRG_STORE_UNAVAILABLE when the path leads elsewhere, or nowhere */
  require(): void {
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    if (found?.ino === this.#inode && found.dev === this.#device) return;
    throw new TriggersError(
      'TRG_STORE_UNAVAILABLE',
      `"${this.path}" was removed or replaced while this process works on it; nothing is accepted any more. ` +
        'Put the file back, or restart the process: it begins with what is there then.',
    );
  }
}
