/**
 * docs/glossary.md is the list; this reads it. A word in code font in its column "not" is refused in file names and in
 * exported names of the library; the last section names the outside world's words that stay.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const SOURCE = resolve(ROOT, 'libs/triggers/src');

const [table = '', outside = ''] = readFileSync(resolve(ROOT, 'docs/glossary.md'), 'utf8').split(
  "## The outside world's words",
);
const codeWords = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
const refused = new Map(
  [...table.matchAll(/^\| \*\*(.+?)\*\* \|.*\| (.+?) \|$/gm)].flatMap(([, word = '', not = '']) =>
    codeWords(not).map((bad) => [bad, word] as const),
  ),
);
const allowed = codeWords(outside).map((word) => wordsOf(word).join(' '));

/** `IdempotencyKeys` → idempotency, key: a word is judged whole, so `Workflow` is not a `flow`. */
function wordsOf(name: string): string[] {
  const parts = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  return parts.map((part) => part.toLowerCase().replace(/(?<!s)s$/, ''));
}

function refusedIn(name: string): string[] {
  const rest = allowed.reduce((text, phrase) => text.replaceAll(` ${phrase} `, ' '), ` ${wordsOf(name).join(' ')} `);
  return rest.split(' ').filter((word) => refused.has(word));
}

function exportedNames(text: string): string[] {
  const declaration =
    /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:class|function\*?|const|let|interface|type|enum) (\w+)/gm;
  return [...text.matchAll(declaration)].map(([, name = '']) => name);
}

it('finds the refused words in the glossary', () => {
  expect([...refused.keys()]).toEqual(expect.arrayContaining(['sensor', 'pipeline', 'job', 'idempotency']));
});

it.each([
  { name: 'JobQueue', words: ['job'] },
  { name: 'runPipelines', words: ['pipeline'] },
  { name: 'idempotencyKey', words: [] },
  { name: 'WorkflowRunner', words: [] },
])('judges $name by its whole words', ({ name, words }) => {
  expect(refusedIn(name)).toEqual(words);
});

it('uses one word per concept in file names and exported names', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const found = files.flatMap((file) =>
    [file, ...exportedNames(readFileSync(resolve(SOURCE, file), 'utf8'))].flatMap((name) =>
      refusedIn(name).map((word) => `${file}: "${name}" says "${word}", we say "${refused.get(word)}"`),
    ),
  );
  expect(found).toEqual([]);
});
