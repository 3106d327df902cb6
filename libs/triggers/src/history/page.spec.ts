import { newId } from '../model/ids.js';
import { decodeAfter, encodeAfter, limitOf, toPage, toTotal } from './page.js';

describe('a page', () => {
  it('takes 50 items when nothing is said, and at most 1,000', () => {
    expect(limitOf({})).toBe(50);
    expect(limitOf({ limit: 1_000 })).toBe(1_000);
    for (const limit of [0, -1, 1.5, 1_001, Number.NaN])
      expect(() => limitOf({ limit })).toThrow(/whole number from 1 to 1000/);
  });

  it('goes on behind the key that it handed out', () => {
    const id = newId();
    expect(decodeAfter(encodeAfter(id))).toBe(id);
  });

  it.each(['', 'x', '!!!', encodeAfter('no-id'), `${encodeAfter(newId())}=`])(
    'refuses %j, which no page has handed out',
    (after) => {
      expect(() => decodeAfter(after)).toThrow(expect.objectContaining({ code: 'TRG_API_BAD_REQUEST' }));
    },
  );

  it('has a next one only if more was found than it holds', () => {
    expect(toPage(['a', 'b'], 2, (key) => key)).toEqual({ items: ['a', 'b'], next: null });
    expect(toPage(['a', 'b', 'c'], 2, (key) => key)).toEqual({ items: ['a', 'b'], next: encodeAfter('b') });
  });

  it('counts exactly up to 10,000', () => {
    expect(toTotal(10_000)).toBe(10_000);
    expect(toTotal(10_001)).toBe('10000+');
  });
});
