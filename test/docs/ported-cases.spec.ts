/**
 * docs/reference/ported-cases.md is the list; this compares it with the comments that name its cases. The title that a
 * comment belongs to is the next one below it, also from inside the table of an `it.each`.
 */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT, read, rows } from './markdown.js';

const LIBRARY = 'libs/triggers/src/';
const VERDICTS = ['ported', 'differs', 'partly', 'waits', 'refused'];
const TESTED = ['ported', 'differs', 'partly'];

const CASE = String.raw`(?:Cloacina (?:case \d+|T-\d+)|Review \d+)`;
const COMMENT = new RegExp(String.raw`^[ \t]*// (${CASE}(?:, ${CASE})*)$`, 'gm');
const TITLE = /(?:\b(?:it|describe)\(|\)\()\s*(['"`])((?:\\.|(?!\1).)*?)\1,/s;

const range = (name: string, last: number): string[] => Array.from({ length: last }, (_, at) => `${name}${at + 1}`);
const CASES = [
  ...range('Cloacina case ', 119),
  ...range('Cloacina T-', 15),
  ...[2, 3, 4, 5, 9, 14, 17, 18, 20, 27, 48].map((finding) => `Review ${finding}`),
];

/** A case as the page has it. */
interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly why: string;
  readonly tests: readonly string[];
}

const table: readonly Row[] = rows(read('docs/reference/ported-cases.md')).map(
  ([name = '', , verdict = '', why = '', tests = '']) => ({
    name,
    verdict,
    why,
    tests: tests === '' ? [] : tests.split('<br>'),
  }),
);

function testFiles(): string[] {
  return ['libs/triggers/src', 'test', 'apps'].flatMap((folder) =>
    readdirSync(resolve(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(spec|contract|e2e-spec)\.ts$/.test(name) && !name.includes('node_modules'))
      .map((name) => `${folder}/${name}`),
  );
}

/** Every case that a file names, with the file and the title of the test, as the page writes it. */
function casesIn(file: string): (readonly [name: string, test: string])[] {
  const text = read(file);
  return [...text.matchAll(COMMENT)].flatMap((found) => {
    const [, , title = ''] = TITLE.exec(text.slice(found.index + found[0].length)) ?? [];
    const test = `\`${file.replace(LIBRARY, '')}\` ${title}`;
    return (found[1] ?? '').split(', ').map((name) => [name, test] as const);
  });
}

const named = testFiles().flatMap(casesIn);

it('lists every case once, in its order', () => {
  expect(table.map(({ name }) => name)).toEqual(CASES);
});

it('finds no comment about a case that is not listed', () => {
  expect(named.filter(([name]) => !CASES.includes(name))).toEqual([]);
});

it('shows every case that is here by exactly the tests that name it', () => {
  const listed = table.map(({ name, tests }) => [name, [...tests].sort()]);
  const tests = (name: string): string[] => [...new Set(named.flatMap(([one, test]) => (one === name ? test : [])))];
  expect(listed).toEqual(CASES.map((name) => [name, tests(name).sort()]));
});

it('says of every case whether it is here, and why it is not or not so', () => {
  for (const { name, verdict, why, tests } of table) {
    const isTested = TESTED.includes(verdict);
    const isPlain = verdict === 'ported';
    expect([name, VERDICTS.includes(verdict), tests.length > 0, why === '']).toEqual([name, true, isTested, isPlain]);
  }
});
