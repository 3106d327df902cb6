import fc from 'fast-check';
import { NonRetryableError, RetryAfterError } from '../model/errors.js';
import { resolveRetryPolicy } from './retry-policy.js';
import type { RetryOptions } from './retry.options.js';

const failure = new Error('failed');
const half = (): number => 0.5;

function delays(options: RetryOptions, random = half): (number | null)[] {
  const policy = resolveRetryPolicy({ jitter: 'none', ...options }, 'Task');
  return Array.from({ length: policy.attempts }, (_, index) => policy.next(index + 1, failure, random));
}

describe('resolveRetryPolicy', () => {
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

  it('takes a random part of the wait by default', () => {
    const policy = resolveRetryPolicy({}, 'Task');
    expect([0, 0.25, 0.999].map((part) => policy.next(1, failure, () => part))).toEqual([0, 250, 999]);
  });

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
    const options = fc.record({
      attempts: fc.integer({ min: 1, max: 5000 }),
      backoff: fc.constantFrom('exponential' as const, 'linear' as const, 'fixed' as const),
      delay: fc.constantFrom('0ms' as const, '1s' as const),
      jitter: fc.constantFrom('full' as const, 'none' as const),
    });
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 1, max: 6000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (given, attempt, part) => {
          const wait = resolveRetryPolicy(given, 'Task').next(attempt, failure, () => part);
          if (attempt >= given.attempts) expect(wait).toBeNull();
          else expect(wait! >= 0 && wait! <= 300_000).toBe(true);
        },
      ),
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
