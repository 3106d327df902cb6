import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isGone, isInside } from './folder-walk.js';

/** A file as it is at one moment. */
export interface FileLook {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/**
 * Looks at a file of a folder. A link counts where it leads to a file in the folder.
 *
 * @param root the real path of the folder
 * @returns `null` for what is no file, leads out of the folder, or is gone
 */
export async function lookAt(root: string, name: string): Promise<FileLook | null> {
  const path = join(root, name);
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return pick(stats);
    if (!stats.isSymbolicLink()) return null;
    const real = await realpath(path);
    if (!isInside(root, real)) return null;
    const target = await stat(real);
    return target.isFile() ? pick(target) : null;
  } catch (error) {
    if (isGone(error) || (error as NodeJS.ErrnoException).code === 'ELOOP') return null;
    throw error;
  }
}

/** A whole `Stats` weighs twenty times as much. */
function pick({ size, mtimeMs, ctimeMs }: FileLook): FileLook {
  return { size, mtimeMs, ctimeMs };
}
