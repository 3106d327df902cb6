import { constants, accessSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';

const IN_MEMORY = '/dev/shm';
/** A whole run keeps less than a tenth of that at the same time. */
const ENOUGH_BYTES = 4 * 2 ** 30;

/**
 * Where tests put their databases and folders: into memory where there is room, because every commit is flushed, and a run on a
 * disk takes a tenth longer. A TMPDIR that is set is left alone.
 */
export function chooseTemporaryFolder() {
  if (process.env.TMPDIR === undefined && hasRoom(IN_MEMORY)) process.env.TMPDIR = IN_MEMORY;
}

function hasRoom(path) {
  try {
    accessSync(path, constants.W_OK);
    const { bavail, bsize } = statfsSync(path);
    return Math.min(bavail * bsize, freemem()) >= ENOUGH_BYTES;
  } catch {
    return false;
  }
}
