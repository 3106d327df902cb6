import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { access, lstat, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, SettingsError } from '../settings.js';
import type { DemoSettings } from '../settings.js';

/** A file's place in the order in which the inbox is read. */
export interface Place {
  readonly ctimeMs: number;
  readonly name: string;
}

/** A file of the inbox. */
export interface InboxFile extends Place {
  readonly mtimeMs: number;
  readonly size: number;
}

/** A file counts as written when nothing has touched it for so long. */
const SETTLED_AFTER_MS = 1_000;

const SUMMARIES = 'summaries';

/** The watched folder. Summaries live in a sub-folder of it. */
@Injectable()
export class InboxService {
  readonly folder: string;

  constructor(@Inject(SETTINGS) { inboxDir }: Pick<DemoSettings, 'inboxDir'>) {
    this.folder = inboxDir;
  }

  /** Where a file of that name lies. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** The summary of a file, from the inbox on. */
  summaryName(name: string): string {
    return join(SUMMARIES, `${name}.json`);
  }

  /** Whether no file was dropped yet. */
  async isEmpty(): Promise<boolean> {
    return (await this.#names()).length === 0;
  }

  /** Up to `limit` settled files behind `place`, in the order of the time they changed, and whether there are more. */
  async settledAfter(place: Place | null, limit: number): Promise<{ files: readonly InboxFile[]; more: boolean }> {
    const now = Date.now();
    const found = await Promise.all((await this.#names()).map((name) => this.#look(name)));
    const files = found
      .filter((file) => file !== null)
      // The distance, not the age: a ctime in the future was left by a clock that was set back, and must not wait for it.
      .filter(
        (file) => Math.abs(now - file.ctimeMs) >= SETTLED_AFTER_MS && (place === null || compare(file, place) > 0),
      )
      .sort(compare);
    return { files: files.slice(0, limit), more: files.length > limit };
  }

  /**
   * Writes a file that is there whole or not at all: under a temporary name first, then renamed.
   *
   * @param writer names the temporary file: the same writer leaves no second one behind when it tries again
   */
  async writeWhole(name: string, text: string, writer: string): Promise<void> {
    const temporary = this.path(join(dirname(name), `.${writer}.tmp`));
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, this.path(name));
  }

  /** No sub-folders (so no summaries), no links, no dot files. */
  async #names(): Promise<string[]> {
    const entries = await readdir(this.folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  }

  async #look(name: string): Promise<InboxFile | null> {
    const stats: Stats | null = await lstat(this.path(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null; // moved away since it was listed
      throw error;
    });
    return stats && { name, ctimeMs: stats.ctimeMs, mtimeMs: stats.mtimeMs, size: stats.size };
  }
}

/**
 * Makes the folder and its sub-folder when they are missing, and sees that both can be used.
 *
 * @throws SettingsError
 */
export async function prepareInbox(folder: string): Promise<void> {
  try {
    await makeFolder(join(folder, SUMMARIES));
    for (const used of [folder, join(folder, SUMMARIES)]) {
      await access(used, constants.R_OK | constants.W_OK | constants.X_OK);
    }
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new SettingsError(`INBOX_DIR "${folder}" is not a folder that this user can read and write (${code}).`);
  }
}

/** With its parents. Not by `recursive: true`: where nothing can be made, as below /proc, Node 20 would try for ever. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder);
  }
}

function compare(a: Place, b: Place): number {
  return a.ctimeMs - b.ctimeMs || (a.name < b.name ? -1 : Number(a.name > b.name));
}
