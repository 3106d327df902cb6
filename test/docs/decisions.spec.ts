import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../../docs/decisions');
const read = (file: string) => readFileSync(resolve(FOLDER, file), 'utf8');
const records = readdirSync(FOLDER).filter((file) => /^\d{4}-.*\.md$/.test(file));

it('lists every decision in the index, in order, with its title and status', () => {
  const rows = [...read('README.md').matchAll(/^\| \[(\d{4})\]\((.+?)\) \| (.+?) \| (.+?) \|$/gm)];
  const indexed = rows.map(([, number, file, title, status]) => ({ number, file, title, status }));
  const written = records.map((file) => ({
    number: file.slice(0, 4),
    file,
    title: /^# \d{4} (.+)$/m.exec(read(file))?.[1],
    status: /^Status: (\S+)/m.exec(read(file))?.[1],
  }));
  expect(indexed).toEqual(written);
});

it('numbers decisions without a gap and without a repeat', () => {
  const numbers = records.map((file) => Number(file.slice(0, 4)));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

it.each(records)('%s has every section of the template', (file) => {
  const sections = (text: string) => [...text.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
  expect(sections(read(file))).toEqual(sections(read('template.md')));
});
