import { read, rows, sourcesIn } from './markdown.js';
import { fieldsOf } from './source.js';

const codeWords = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);

it('lists every event with the fields it carries, and no other', () => {
  const documented = rows(read('docs/reference/events.md')).map(([name = '', carries = '']) => [
    name,
    codeWords(carries).sort(),
  ]);
  const declared = fieldsOf('model/events.ts', 'TriggersEvents').map(({ name, fields }) => [
    name,
    fields.map((field) => field.name).sort(),
  ]);
  expect(declared.length).toBeGreaterThan(0);
  expect(documented).toEqual(declared);
});

it('marks exactly those events that nothing tells', () => {
  const source = sourcesIn('libs/triggers/src').join('\n');
  const silent = rows(read('docs/reference/events.md')).filter(([name = '']) => !source.includes(`emit('${name}'`));
  const marked = rows(read('docs/reference/events.md')).filter(([, , when = '']) =>
    when.includes('not told by this version'),
  );
  expect(marked).toEqual(silent);
});
