import { alignedRows, latenciesOf, tally } from './table.js';

it('makes each column as wide as its widest cell', () => {
  const rows = [
    ['write', 'by'],
    ['Ada registers', 'save'],
  ];
  expect(alignedRows(rows)).toEqual(['  write          by', '  Ada registers  save']);
});

it('tells the middle and the worst of latencies', () => {
  expect(latenciesOf([9, 1, 4])).toBe('median 4 ms, slowest 9 ms, of 3');
});

it('counts words in the order in which they came first', () => {
  expect([...tally(['review', 'welcome', 'review'])]).toEqual([
    ['review', 2],
    ['welcome', 1],
  ]);
});
