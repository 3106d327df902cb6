import { lstat } from 'node:fs';
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isGone, isInside } from './folder-walk.js';

/** A file as it is at one moment. */
export interface FileLook {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** Why a link leads nowhere that this process may look. */
const DEAD_ENDS: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG'];

/**
 * Looks at a file of a folder. A link counts where it leads to a file in the folder.
 *
 * @param root the real path of the folder
 * @returns `null` for what is no file, leads out of the folder or nowhere, or is gone
 * @throws the error of the system
 */
export async function lookAt(root: string, name: string): Promise<FileLook | null> {
  const path = join(root, name);
  try {
    const stats = await statsOf(path);
    if (stats.isFile()) return pick(stats);
    return stats.isSymbolicLink() ? await lookBehind(root, path) : null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Every file is asked in every round, and the one of `node:fs/promises` costs twice as much. */
function statsOf(path: string): Promise<Stats> {
  return new Promise((resolve, reject) => {
    lstat(path, (error, stats) => (error === null ? resolve(stats) : reject(error)));
  });
}

async function lookBehind(root: string, link: string): Promise<FileLook | null> {
  try {
    const real = await realpath(link);
    if (!isInside(root, real)) return null;
    const target = await stat(real);
    return target.isFile() ? pick(target) : null;
  } catch (error) {
    if (DEAD_ENDS.includes((error as NodeJS.ErrnoException).code)) return null;
    throw error;
  }
}

/** A whole `Stats` weighs twenty times as much. */
function pick({ size, mtimeMs, ctimeMs }: FileLook): FileLook {
  return { size, mtimeMs, ctimeMs };
}
