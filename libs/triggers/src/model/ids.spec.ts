import { firstIdAt, isId, newId } from './ids.js';
import type { ExecutionId } from './ids.js';

const newIds = (count: number) => Array.from({ length: count }, () => newId<ExecutionId>());

describe('ids', () => {
  it('are UUIDs of version 7 and variant 10', () => {
    for (const id of newIds(1_000)) {
      expect(isId(id)).toBe(true);
      expect(id[14]).toBe('7');
      expect('89ab').toContain(id[19]);
    }
  });

  it('are all different and sort by the order of their making', () => {
    const ids = newIds(50_000);
    expect(new Set(ids).size).toBe(ids.length);
    // One number for fifty thousand ids: a list would take a minute to show how it differs.
    expect(ids.findIndex((id, at) => id < (ids[at - 1] ?? ''))).toBe(-1);
  });

  // Review 18
  it('go on in their order when the clock is set back', () => {
    const before = newIds(3);
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
    const after = newIds(3);
    now.mockRestore();
    expect([...before, ...after].sort()).toEqual([...before, ...after]);
  });

  it('carry the millisecond of their making, so a bound finds them by age', () => {
    const from = Date.now();
    const [id = ''] = newIds(1);
    expect(id >= firstIdAt(from)).toBe(true);
    expect(id < firstIdAt(Date.now() + 1)).toBe(true);
  });

  it.each([
    '',
    'nope',
    '01a1fbc1-b5e3-77ca-819a-2fa8e3911e5',
    '01a1fbc1b5e377ca819a2fa8e3911e57',
    '001a1fbc1-b5e3-77ca-819a-2fa8e3911e57',
    '01a1fbc1-b5e3-77ca-819a-2fa8e3911e577',
  ])('are not "%s"', (text) => {
    expect(isId(text)).toBe(false);
  });

  it('are told from other text whatever the case of their letters', () => {
    expect(isId('01A1FBC1-b5e3-77ca-819a-2fa8e3911e57')).toBe(true);
  });
});
