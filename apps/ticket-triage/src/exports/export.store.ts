import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { SETTINGS } from '../settings.js';
import type { Settings } from '../settings.js';

/** The folder of exports. */
@Injectable()
export class ExportStore implements OnModuleInit {
  readonly #folder: string;

  constructor(@Inject(SETTINGS) { dataDir }: Settings) {
    this.#folder = join(dataDir, 'exports');
  }

  async onModuleInit(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
  }

  /** Whoever reads it sees all of it or nothing. @returns its path */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
    return path;
  }

  /** What was written before; also what was never finished. @returns how many files there were */
  async deleteBefore(instant: Date): Promise<number> {
    let deleted = 0;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if ((await stat(path)).mtime >= instant) continue;
      await rm(path, { force: true });
      deleted += 1;
    }
    return deleted;
  }
}
