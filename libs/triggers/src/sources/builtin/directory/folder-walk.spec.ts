import type { Dir, Dirent } from 'node:fs';
import files from 'node:fs/promises';
import { FolderWalk } from './folder-walk.js';

afterEach(() => jest.restoreAllMocks());

const fileOf = (name: string) =>
  ({ name, isDirectory: () => false, isFile: () => true, isSymbolicLink: () => false }) as Dirent;
const walk = new FolderWalk('/inbox', { recursive: false, accepts: () => true, ignores: () => false });

it.each([
  [1, 1],
  [49_999, 1],
  [50_000, 1],
  [50_001, 2],
  [100_000, 2],
  [100_001, 3],
])('finds %i files in their order, and reads the folder %i times for them', async (count, reads) => {
  const all = Array.from({ length: count }, (_, at) => String(at).padStart(6, '0'));
  // As systems give them: in no order.
  const entries = [...all].reverse().map(fileOf);
  const opened = jest.spyOn(files, 'opendir').mockImplementation(async () => entries.values() as unknown as Dir);
  const found: string[] = [];
  for await (const names of walk.after(null)) found.push(...names);
  // As texts: Jest takes seconds to compare so many items.
  expect(found.join()).toBe(all.join());
  expect(opened).toHaveBeenCalledTimes(reads);
});

it('begins behind a place, whether or not it is still there', async () => {
  const entries = ['a', 'c', 'd'].map(fileOf);
  jest.spyOn(files, 'opendir').mockImplementation(async () => entries.values() as unknown as Dir);
  for (const place of ['b', 'a']) {
    const found: string[] = [];
    for await (const names of walk.after(place)) found.push(...names);
    expect(found).toEqual(['c', 'd']);
  }
});
