/**
 * `npm run mutants model`: mutation testing of one folder. What follows goes to Stryker, for example one file:
 * `npm run mutants engine -- --mutate libs/triggers/src/engine/slots.ts`. See test/mutants/README.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { FOLDERS } from '../test/mutants/folders.mjs';

/** A thousand mutants open a database each, some of them a hundred times. */
const MEMORY = '/dev/shm';

const [folder = '', ...options] = process.argv.slice(2);
if (!Object.hasOwn(FOLDERS, folder)) {
  process.stderr.write(`npm run mutants <folder>: ${Object.keys(FOLDERS).join(', ')}.\n`);
  process.exit(2);
}

setPriority(10);
const { status } = spawnSync('npx', ['--no-install', 'stryker', 'run', ...options], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, MUTANTS: folder, ...(existsSync(MEMORY) && { TMPDIR: MEMORY }) },
});
process.exitCode = status ?? 1;
