import { pathTest } from './file-pattern.js';

it.each([
  ['*.csv', 'a.csv', true],
  ['*.csv', 'in/a.csv', true],
  ['*.csv', 'a.csv.part', false],
  ['a?.csv', 'ab.csv', true],
  ['a?.csv', 'a/.csv', false],
  ['*.{csv,txt}', 'a.txt', true],
  ['{a,b{c,d}}', 'bd', true],
  ['in/*.csv', 'in/a.csv', true],
  ['in/*.csv', 'in/deep/a.csv', false],
  ['in/**/*.csv', 'in/a.csv', true],
  ['in/**/*.csv', 'in/very/deep/a.csv', true],
  ['in/**', 'in/very/deep', true],
  ['a.c', 'abc', false],
  ['a,b', 'a,b', true],
  ['a+(b)[c]^$|\\', 'a+(b)[c]^$|\\', true],
  ['a-b', 'a-b', true],
  ['*', 'line\nbreak 😀', true],
  ['?', '😀', true],
  ['A', 'a', false],
])('%s on %j is %s', (pattern, path, matches) => {
  expect(pathTest(pattern, 'Trigger "inbox"', 'pattern')(path)).toBe(matches);
});

it.each(['{a', 'a}', '}a{', '', null])('refuses %j', (pattern) => {
  expect(() => pathTest(pattern, 'Trigger "inbox"', 'pattern')).toThrow('Trigger "inbox", option "pattern" is');
});
