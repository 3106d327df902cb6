import fc from 'fast-check';
import { MAX_DURATION_MS, formatDuration } from '../model/duration.js';
import type { Duration } from '../model/duration.js';
import { NonRetryableError, RetryAfterError } from '../model/errors.js';
import { runs } from '../testing/properties.contract.js';
import { resolveRetryPolicy } from './retry-policy.js';
import type { RetryOptions } from './retry.options.js';

const failure = new Error('failed');
const half = (): number => 0.5;

function delays(options: RetryOptions, random = half): (number | null)[] {
  const policy = resolveRetryPolicy({ jitter: 'none', ...options }, 'Task');
  return Array.from({ length: policy.attempts }, (_, index) => policy.next(index + 1, failure, random));
}

/** Checked options, and their longest wait as a number. */
const options = fc
  .record({
    attempts: fc.integer({ min: 1, max: 5_000 }),
    backoff: fc.constantFrom('exponential' as const, 'linear' as const, 'fixed' as const),
    jitter: fc.constantFrom('full' as const, 'none' as const),
    waits: fc.tuple(fc.nat({ max: 600_000 }), fc.nat({ max: MAX_DURATION_MS })),
  })
  .map(({ waits: [one, other], ...given }) => {
    const [delayMs, maxDelayMs] = [Math.min(one, other), Math.max(one, other)];
    return {
      ...given,
      delayMs,
      maxDelayMs,
      delay: `${delayMs}ms` as Duration,
      maxDelay: `${maxDelayMs}ms` as Duration,
    };
  });
const attempts = fc.integer({ min: 1, max: 6_000 });
const parts = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Milliseconds of what a function may answer; `null` for nonsense. */
function durationOf(answer: unknown): number | null {
  if (typeof answer === 'number') return answer >= 0 ? Math.floor(Math.min(answer, MAX_DURATION_MS)) : null;
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(typeof answer === 'string' ? answer : '') ?? [];
  if (unit === undefined) return null;
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const ms = Number(count) * (units[unit] ?? Number.NaN);
  return ms <= MAX_DURATION_MS ? ms : null;
}

describe('resolveRetryPolicy', () => {
  // Cloacina case 87, Cloacina case 90
  it.each<[string, RetryOptions, (number | null)[]]>([
    ['fixed', { attempts: 4, backoff: 'fixed' }, [1000, 1000, 1000, null]],
    ['linear', { attempts: 4, backoff: 'linear' }, [1000, 2000, 3000, null]],
    ['exponential', { attempts: 4, backoff: 'exponential' }, [1000, 2000, 4000, null]],
    ['capped', { attempts: 6, maxDelay: '10s' }, [1000, 2000, 4000, 8000, 10_000, null]],
    ['the default', {}, [1000, 2000, null]],
    ['never', { attempts: 1 }, [null]],
    ['a function of durations', { backoff: (attempt) => `${attempt * 5}s` }, [5000, 10_000, null]],
    [
      'a function of milliseconds, without jitter',
      { jitter: 'full', backoff: (attempt) => attempt * 7.5 },
      [7, 15, null],
    ],
    ['a capped function', { maxDelay: '2s', backoff: () => '1h' }, [2000, 2000, null]],
  ])('waits by the rule: %s', (_name, options, expected) => {
    expect(delays(options)).toEqual(expected);
  });

  // Cloacina case 88
  it('takes a random part of the wait by default', () => {
    const policy = resolveRetryPolicy({}, 'Task');
    expect([0, 0.25, 0.999].map((part) => policy.next(1, failure, () => part))).toEqual([0, 250, 999]);
  });

  // Cloacina case 89
  it.each<[string, () => number]>([
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['answers NaN', () => Number.NaN],
    ['answers a negative number', () => -1],
    ['answers no duration', () => 'soon' as unknown as number],
    ['answers nothing', () => undefined as unknown as number],
  ])('waits exponentially when the backoff function %s', (_what, backoff) => {
    expect(delays({ backoff })).toEqual([1000, 2000, null]);
  });

  // Cloacina case 93
  it('is final for what retryIf refuses, and goes on when retryIf throws', () => {
    const attempts: number[] = [];
    const retryIf = (error: unknown, attempt: number): boolean => attempts.push(attempt) > 0 && error !== failure;
    const refusing = resolveRetryPolicy({ retryIf }, 'Task');
    expect(refusing.next(1, failure, half)).toBeNull();
    expect(refusing.next(2, new Error('other'), half)).toBe(1000);
    expect(attempts).toEqual([1, 2]);
    const throwing = resolveRetryPolicy(
      {
        retryIf: () => {
          throw failure;
        },
      },
      'Task',
    );
    expect(throwing.next(1, failure, half)).toBe(500);
  });

  it('is final for a NonRetryableError, also one of another copy of the package', () => {
    const policy = resolveRetryPolicy({ retryIf: () => true }, 'Task');
    expect(policy.next(1, new NonRetryableError('no'), half)).toBeNull();
    expect(policy.next(1, Object.assign(new Error('no'), { name: 'NonRetryableError' }), half)).toBeNull();
  });

  it('waits as long as a RetryAfterError asks for, within the attempts', () => {
    const policy = resolveRetryPolicy({ maxDelay: '2s' }, 'Task');
    expect(policy.next(1, new RetryAfterError(60_000), half)).toBe(60_000);
    expect(policy.next(3, new RetryAfterError(60_000), half)).toBeNull();
    expect(policy.next(1, new RetryAfterError(Number.NaN), half)).toBe(500);
  });

  it('never waits longer than maxDelay, never less than nothing, and always ends', () => {
    fc.assert(
      fc.property(options, attempts, parts, (given, attempt, part) => {
        const wait = resolveRetryPolicy(given, 'Task').next(attempt, failure, () => part);
        if (attempt >= given.attempts) return expect(wait).toBeNull();
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(given.maxDelayMs);
      }),
      runs(300),
    );
  });

  it('waits never less than before without jitter, at first the delay, and grows by its rule up to maxDelay', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 40 }), (given, last) => {
        const policy = resolveRetryPolicy({ ...given, attempts: last + 1, jitter: 'none' }, 'Task');
        const waits = Array.from({ length: last }, (_, at) => policy.next(at + 1, failure, half) as number);
        expect(waits[0]).toBe(given.delayMs);
        waits.slice(1).forEach((wait, at) => {
          const before = waits[at] as number;
          const grown = { fixed: before, linear: before + given.delayMs, exponential: before * 2 }[given.backoff];
          expect(wait).toBe(Math.min(grown, given.maxDelayMs));
        });
      }),
      runs(200),
    );
  });

  it('takes with full jitter a part of the wait without it, as large as the random number says', () => {
    fc.assert(
      fc.property(options, attempts, parts, (given, attempt, part) => {
        fc.pre(attempt < given.attempts);
        const wait = (jitter: 'full' | 'none'): number =>
          resolveRetryPolicy({ ...given, jitter }, 'Task').next(attempt, failure, () => part) as number;
        expect(wait('full')).toBe(Math.floor(wait('none') * part));
      }),
      runs(200),
    );
  });

  it('takes what a function says if it is a wait, at most maxDelay, and the exponential wait for anything else', () => {
    const answers = fc.oneof(
      fc.double(),
      fc.integer({ min: -10, max: 1e7 }),
      fc.nat({ max: 1e7 }).map((ms): Duration => formatDuration(ms) as Duration),
      fc.anything(),
    );
    fc.assert(
      fc.property(options, attempts, answers, (given, attempt, answer) => {
        fc.pre(attempt < given.attempts);
        const wait = (backoff: NonNullable<RetryOptions['backoff']>): number | null =>
          resolveRetryPolicy({ ...given, jitter: 'none', backoff }, 'Task').next(attempt, failure, half);
        const asked = durationOf(answer);
        expect(wait(() => answer as number)).toBe(
          asked === null ? wait('exponential') : Math.min(asked, given.maxDelayMs),
        );
      }),
      runs(500),
    );
  });

  it('takes what a RetryAfterError asks for if it is a wait, however long', () => {
    fc.assert(
      fc.property(options, fc.oneof(fc.double(), fc.anything()), (given, asked) => {
        const policy = resolveRetryPolicy({ ...given, attempts: 2 }, 'Task');
        const wait = policy.next(1, Object.assign(new RetryAfterError(0), { delayMs: asked }), half);
        expect(Number.isInteger(wait)).toBe(true);
        if (typeof asked === 'number' && asked >= 0) expect(wait).toBe(Math.floor(Math.min(asked, MAX_DURATION_MS)));
        else expect(wait).toBe(policy.next(1, failure, half));
      }),
      runs(200),
    );
  });

  it('takes an option that is undefined for one that is not given', () => {
    expect(delays({ attempts: undefined, delay: undefined } as unknown as RetryOptions)).toEqual([1000, 2000, null]);
  });

  it.each<[unknown, RegExp]>([
    [{ attempts: 0 }, /^Task "x", option "retry.attempts" is 0; .*whole number from 1\.$/],
    [{ attempts: 1.5 }, /"retry.attempts" is 1.5/],
    [{ backoff: 'toString' }, /"retry.backoff" is toString; it takes "exponential"/],
    [{ jitter: 'some' }, /"retry.jitter" is some/],
    [{ retryIf: true }, /"retry.retryIf" is no function/],
    [{ delay: '1 s' }, /^Task "x", option "retry.delay": "1 s" is no duration/],
    [{ maxDelay: 5 }, /^Task "x", option "retry.maxDelay": 5 is no duration/],
    [{ delay: '10m' }, /"retry.delay" 10m is longer than "retry.maxDelay" 5m\. Raise/],
  ])('refuses %j', (options, message) => {
    expect(() => resolveRetryPolicy(options as RetryOptions, 'Task "x"')).toThrow(message);
  });
});
