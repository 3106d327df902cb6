import { drawPicture } from './picture.js';
import { linear, logarithmic } from './scale.js';

describe('an axis', () => {
  it('ends at a round number at or above the highest value', () => {
    expect(linear(83).ticks).toEqual([0, 20, 40, 60, 80, 100]);
    expect(linear(60).place(60)).toBeLessThanOrEqual(1);
  });

  it('has powers of ten around what it shows, and puts what is smaller at its foot', () => {
    const { ticks, place } = logarithmic(2, 450);
    expect(ticks).toEqual([1, 10, 100, 1_000]);
    expect(place(10)).toBeCloseTo(1 / 3);
    expect(place(0)).toBe(0);
  });
});

describe('the picture', () => {
  const samples = Array.from({ length: 100 }, (_, index) => ({ minutes: index / 10, rss: 100 + index, handles: NaN }));
  const svg = drawPicture(samples, { title: 'a < b', note: 'c & d' });

  it('draws what was measured, leaves out what was not', () => {
    expect(svg).toContain('resident memory');
    expect(svg).not.toContain('active handles');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('may hold any text', () => {
    expect(svg).toContain('a &lt; b');
    expect(svg).toContain('c &amp; d');
  });
});
