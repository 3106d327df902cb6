/** docs/architecture.md says which folder may import which; dependency-cruiser checks what its own table says. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT, read, rows, section } from './markdown.js';

const table = rows(section(read('docs/architecture.md'), '## Folders'));
const codeWords = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);

it('lists the arrows that are checked', () => {
  const [, rules = ''] = /const ARROWS = \{\n([\s\S]*?)\n\};/.exec(read('.dependency-cruiser.cjs')) ?? [];
  const checked = [...rules.matchAll(/^ {2}(\w+): \[(.*)\],$/gm)].map(([, folder = '', targets = '']) => [
    folder,
    targets.match(/\w+/g) ?? [],
  ]);
  const documented = table.map(([folder = '', , targets = '']) => [folder.replace('/', ''), codeWords(targets)]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(checked));
});

it('has a duty for every folder of the library', () => {
  const entries = readdirSync(resolve(ROOT, 'libs/triggers/src'), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== 'testing').map(({ name }) => name);
  const documented = table.filter(([, duty = '']) => duty !== '').map(([folder = '']) => folder.replace('/', ''));
  expect(documented.sort()).toEqual(folders.sort());
});
