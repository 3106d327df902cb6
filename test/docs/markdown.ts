import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** The text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8');
}

/** The Markdown files directly in a folder of the repository. */
export function pagesIn(folder: string): string[] {
  const names = readdirSync(resolve(ROOT, folder)).filter((name) => name.endsWith('.md'));
  return names.sort().map((name) => `${folder}/${name}`);
}

/** What stands below a heading, up to the next one of its level or above. */
export function section(markdown: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const [, below = ''] = `\n${markdown}`.split(`\n${heading}\n`);
  return below.split(new RegExp(`\\n#{1,${level}} `))[0] ?? '';
}

/** The cells of every table row whose first cell is in code font, without that font in the first one. */
export function rows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => {
    const cells = line.slice(1, line.lastIndexOf('|')).split(/(?<!\\)\|/);
    const [first = '', ...rest] = cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
    return [first.replace(/^`|`$/g, ''), ...rest];
  });
}

/** The texts of the shipped TypeScript files below a folder of the repository. */
export function sourcesIn(folder: string): string[] {
  const names = readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts') && !/\.(spec|contract)\.ts$/.test(name))
    .map((name) => read(`${folder}/${name}`));
}
