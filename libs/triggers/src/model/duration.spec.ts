import fc from 'fast-check';
import { runs } from '../testing/properties.contract.js';
import { MAX_DURATION_MS, formatDuration, parseDuration } from './duration.js';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));

describe('parseDuration', () => {
  // Cloacina case 4
  it.each([
    ['100ms', 100],
    ['5s', 5_000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['365d', MAX_DURATION_MS],
    ['0s', 0],
    ['007m', 420_000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text, 'Option "x"')).toBe(ms);
  });

  // Cloacina case 4
  // And what other libraries let through.
  it.each([
    '5x',
    '',
    'abc',
    '1M',
    '1.5h',
    '.5s',
    '1y',
    '5',
    ' 5s',
    '5s ',
    '5 s',
    '-1s',
    '+1s',
    '1S',
    '1e3ms',
    '٣s',
    '366d',
    '99999999999999999999s',
    5,
    null,
    undefined,
    {},
    ['5s'],
  ])('refuses %j and names the place', (text) => {
    expect(() => parseDuration(text, 'Trigger "inbox", option "timeout"')).toThrow(
      expect.objectContaining({
        code: 'TRG_DEF_INVALID_DURATION',
        message: expect.stringContaining('Trigger "inbox", option "timeout"'),
      }),
    );
  });

  it('reads every whole number with a unit up to 365 days', () => {
    fc.assert(
      fc.property(fc.nat({ max: 400 }), unit, (count, name) => {
        fc.pre(count * UNITS[name] <= MAX_DURATION_MS);
        expect(parseDuration(`${count}${name}`, '')).toBe(count * UNITS[name]);
      }),
      runs(100),
    );
  });

  it('refuses every other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d+(ms|s|m|h|d)$/.test(text));
        expect(() => parseDuration(text, '')).toThrow();
      }),
      runs(100),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [90_000, '90s'],
    [60_000, '1m'],
    [86_400_000, '1d'],
    [1_500, '1500ms'],
    [0, '0ms'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('writes what parseDuration reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) =>
        expect(parseDuration(formatDuration(ms), '')).toBe(ms),
      ),
      runs(100),
    );
  });
});
