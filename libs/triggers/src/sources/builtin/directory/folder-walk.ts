import type { Dirent } from 'node:fs';
import { opendir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ResolvedDirectoryOptions } from './directory.options.js';

/** The first names of a folder, from a place on. */
interface Smallest {
  readonly names: readonly string[];
  /** None comes behind them. */
  readonly isRest: boolean;
}

/** At most twice as many names of one folder are in memory, however many it holds. */
const NAMES = 50_000;

/**
 * The paths of files in a folder, in a stable order, from any place on. A folder is read anew for every 50,000 of its names:
 * systems give them in no order, and an order is what makes a place mean something. Folders inside (`a/b/`) are places too:
 * who looks for a file among many folders has to stop somewhere.
 */
export class FolderWalk {
  /** The first folder or file inside that could not be read. */
  unreadable: Error | null = null;

  constructor(
    /** The real path of the folder. */
    private readonly root: string,
    private readonly options: Pick<ResolvedDirectoryOptions, 'recursive' | 'accepts' | 'ignores'>,
  ) {}

  /**
   * Every place behind this one, from the folder on; `null` for all. Links to files are among them. The files between two folders are
   * told at once, because a promise for each costs more than its name.
   */
  after(place: string | null): AsyncGenerator<readonly string[]> {
    return this.#walk('', place === null ? [] : place.split(/(?<=\/)/));
  }

  /** Something inside could not be read, and the rest can. */
  cannotRead(error: unknown): void {
    if (!isSystemError(error)) throw error;
    this.unreadable ??= error;
  }

  /** @param first where to begin: a name, one of a folder with its `/`; `rest` is the place inside that folder */
  async *#walk(folder: string, [first = '', ...rest]: readonly string[]): AsyncGenerator<readonly string[]> {
    for await (const names of this.#sorted(folder, first)) {
      let files: string[] = [];
      for (const name of names) {
        if (!name.endsWith('/')) {
          if (name !== first) files.push(folder + name);
          continue;
        }
        yield files;
        files = [];
        yield* this.#inside(folder + name, name === first ? rest : null);
      }
      yield files;
    }
  }

  /** A folder inside, from a place in it on. That it was a folder when it was listed does not say that it is none of a link now. */
  async *#inside(folder: string, place: readonly string[] | null): AsyncGenerator<readonly string[]> {
    if (place === null) yield [folder];
    try {
      if (!isInside(this.root, await realpath(join(this.root, folder)))) return;
      yield* this.#walk(folder, place ?? []);
    } catch (error) {
      if (!isGone(error)) this.cannotRead(error);
    }
  }

  async *#sorted(folder: string, from: string): AsyncGenerator<readonly string[]> {
    let { names, isRest } = await this.#smallest(folder, (name) => name >= from);
    for (;;) {
      yield names;
      if (isRest) return;
      const last = names.at(-1) as string;
      ({ names, isRest } = await this.#smallest(folder, (name) => name > last));
    }
  }

  async #smallest(folder: string, isAhead: (name: string) => boolean): Promise<Smallest> {
    const names: string[] = [];
    let isRest = true;
    for await (const entry of await opendir(join(this.root, folder), { bufferSize: 1_024 })) {
      const name = entry.isDirectory() ? `${entry.name}/` : entry.name;
      if (!isAhead(name) || !this.#isWanted(folder, entry)) continue;
      if (names.push(name) === 2 * NAMES) isRest = cut(names);
    }
    return { names, isRest: cut(names) && isRest };
  }

  #isWanted(folder: string, entry: Dirent): boolean {
    const { recursive, accepts, ignores } = this.options;
    const path = folder + entry.name;
    if (entry.isDirectory()) return recursive && !ignores(path);
    return (entry.isFile() || entry.isSymbolicLink()) && accepts(path) && !ignores(path);
  }
}

/** Keeps the smallest names, sorted; `false` when there were more. */
function cut(names: string[]): boolean {
  names.sort();
  const isAll = names.length <= NAMES;
  if (!isAll) names.length = NAMES;
  return isAll;
}

/** Whether a real path lies in a real folder. */
export function isInside(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/** By its form: under a test runner an error of the system is of another realm. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}

/** It was there when its folder was listed, and is not any more. */
export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
