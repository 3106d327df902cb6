import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** More than a round writes: once the filler is gone, there has to be space. The write-ahead log alone may have 40 MiB. */
const SIZE_MIB = 64;
const BLOCK = Buffer.alloc(4_096);

/** The process that writes to it. */
export interface Writer {
  readonly pid: number;
  readonly isRunning: boolean;
}

/** A disk for the database that can become full and have space again. */
export interface FullDisk {
  readonly what: string;
  fill(writer: Writer): void;
  free(writer: Writer): void;
  remove(): void;
}

/** A file system in memory, filled by a file: `ENOSPC`, as on a real full disk. Needs the right to mount. */
export function mountedDisk(database: string): FullDisk | null {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'chaos', database]).status !== 0) return null;
  const filler = join(database, 'filler');
  return {
    what: `a file system of ${SIZE_MIB} MiB`,
    fill: () => fillUp(filler),
    free: () => unlinkSync(filler),
    remove: () => unmount(database),
  };
}

/** A limit on the size of every file of the process, set and lifted while it runs: `EFBIG`. Needs no rights. */
export function limitedFiles(folder: string): FullDisk {
  const limit = ({ pid, isRunning }: Writer, bytes: string): void => {
    if (!isRunning) return;
    const { status, stderr } = spawnSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`prlimit: ${stderr}`);
  };
  return {
    what: 'a limit on the size of files',
    // Only the database may not grow: the record and the logs have to.
    fill: (writer) => limit(writer, String(Math.max(...sizes(folder)))),
    free: (writer) => limit(writer, 'unlimited'),
    remove: () => undefined,
  };
}

function sizes(folder: string): number[] {
  return [folder, join(folder, 'database')].flatMap((path) =>
    readdirSync(path).map((name) => statSync(join(path, name)).size),
  );
}

function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, BLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

/** What is on it stays, in the folder that it covered: a round that failed is kept. */
function unmount(database: string): void {
  const kept = `${database}-kept`;
  mkdirSync(kept);
  cpSync(database, kept, { recursive: true });
  const { status, stderr } = spawnSync('umount', ['--lazy', database], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`umount: ${stderr}`);
  cpSync(kept, database, { recursive: true });
  rmSync(kept, { recursive: true });
}
