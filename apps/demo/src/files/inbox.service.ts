import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, SettingsError } from '../settings.js';
import type { DemoSettings } from '../settings.js';

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
    const entries = await readdir(this.folder, { withFileTypes: true });
    return !entries.some((entry) => entry.isFile() && !entry.name.startsWith('.'));
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
