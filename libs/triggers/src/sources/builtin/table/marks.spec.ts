import fc from 'fast-check';
import { nextMarks } from './marks.js';
import type { Mark } from './marks.js';

const LOOK_BACK = 8_000;
const after = (marks: readonly Mark[], value: number, at: number): readonly Mark[] =>
  nextMarks(marks, { value }, { ended: at, settledAt: at - LOOK_BACK, lookBackMs: LOOK_BACK });

it('keeps the latest mark that is older than the window, and all since', () => {
  let marks: readonly Mark[] = [{ at: 0, value: 1 }];
  for (let second = 1; second <= 20; second++) marks = after(marks, second, second * 1_000);
  expect(marks[0]).toEqual({ at: 12_000, value: 12 });
  expect(marks.at(-1)).toEqual({ at: 20_000, value: 20 });
});

it('changes nothing more when nothing grows', () => {
  let marks = after([{ at: 0, value: 1, keys: [7] }], 1, 60_000);
  expect(marks).toEqual([{ at: 0, value: 1, keys: [7] }]);
  marks = after(after(marks, 2, 70_000), 2, 90_000);
  expect(marks).toEqual([{ at: 70_000, value: 2 }]);
});

it('is bounded however often it is polled, and when the clock is set back', () => {
  let marks: readonly Mark[] = [{ at: 0, value: 0 }];
  for (let poll = 0; poll < 10_000; poll++) marks = after(marks, poll, poll * 10);
  expect(marks.length).toBeLessThanOrEqual(10);
  for (let poll = 0; poll < 1_000; poll++) marks = after(marks, 10_000 + poll, poll * 10);
  expect(marks.length).toBeLessThanOrEqual(20);
});

it('goes on when the clock is set back by a day', () => {
  let marks = after(after([{ at: 0, value: 0 }], 1, 86_400_000), 2, 86_410_000);
  for (let second = 0; second < 20; second++) marks = after(marks, 3 + second, second * 1_000);
  expect(marks[0]?.value).toBeGreaterThan(10);
});

it('never passes a row that is committed within the window after it took its value', () => {
  const transaction = fc.record({ takes: fc.nat(60_000), lasts: fc.nat(LOOK_BACK - 1) });
  const gaps = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(transaction, { maxLength: 30 }), gaps, (transactions, waits) => {
      // The value is the order in which values were taken.
      const rows = [...transactions]
        .sort((a, b) => a.takes - b.takes)
        .map((one, value) => ({ ...one, value: value + 1 }));
      let marks: readonly Mark[] = [{ at: 0, value: 0 }];
      let now = 0;
      const seen = new Set<number>();
      for (const wait of [...waits, 100_000]) {
        now += wait;
        const from = Number(marks[0]?.value);
        const visible = rows.filter(({ takes, lasts }) => takes + lasts <= now);
        for (const { value } of visible) if (value >= from) seen.add(value);
        const high = Math.max(from, ...visible.map(({ value }) => value));
        marks = after(marks, high, now);
        expect(visible.every(({ value }) => seen.has(value))).toBe(true);
      }
    }),
  );
});
