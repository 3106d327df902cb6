import { Clock } from '../../model/clock.js';
import type { TimerHandle } from '../../model/clock.js';
import { FAILURE_WINDOW_MS, FailureLimiter, MAX_FAILURES } from './failure-limiter.js';
import { LOGIN_CODE_TTL_MS, LoginCode } from './login-code.js';
import { SessionStore } from './session.store.js';

class HandClock extends Clock {
  at = 0;
  now(): number {
    return this.at;
  }
  monotonic(): number {
    return this.at;
  }
  setTimer(): TimerHandle {
    return { clear: () => undefined };
  }
}

describe('access that depends on time', () => {
  const clock = new HandClock();

  it('refuses an address after ten failures in a minute, and only that one', () => {
    const limiter = new FailureLimiter(clock);
    for (let failed = 0; failed < MAX_FAILURES; failed += 1) {
      limiter.check('a');
      limiter.fail('a');
      clock.at += 1_000;
    }
    expect(() => limiter.check('a')).toThrow(
      expect.objectContaining({
        code: 'TRG_API_TOO_MANY_REQUESTS',
        details: { retryAfterMs: FAILURE_WINDOW_MS - 10_000 },
      }),
    );
    expect(() => limiter.check('b')).not.toThrow();
  });

  it('lets an address try again when its oldest failure is a minute old', () => {
    const limiter = new FailureLimiter(clock);
    for (let failed = 0; failed < MAX_FAILURES; failed += 1) limiter.fail('a');
    clock.at += FAILURE_WINDOW_MS - 1;
    expect(() => limiter.check('a')).toThrow();
    clock.at += 1;
    expect(() => limiter.check('a')).not.toThrow();
  });

  it('remembers no more than 10,000 addresses', () => {
    const limiter = new FailureLimiter(clock);
    for (let failed = 0; failed < MAX_FAILURES; failed += 1) limiter.fail('first');
    for (let other = 0; other < 10_000; other += 1) limiter.fail(`address-${other}`);
    expect(() => limiter.check('first')).not.toThrow();
  });

  it('redeems a login code once, within ten minutes, and only the newest', () => {
    const code = new LoginCode(clock);
    expect(code.redeem('')).toBe(false);
    const older = code.issue();
    const newer = code.issue();
    expect([code.redeem(older), code.redeem(newer), code.redeem(newer)]).toEqual([false, true, false]);
    const late = code.issue();
    clock.at += LOGIN_CODE_TTL_MS;
    expect(code.redeem(late)).toBe(false);
  });

  it('ends sessions by time, by logout and when there are too many', () => {
    const sessions = new SessionStore(clock, 1_000);
    const user = { id: 'ops', roles: ['admin'] as const };
    const first = sessions.open(user);
    expect(sessions.get(first.id)).toMatchObject({ identity: user, csrfToken: expect.stringMatching(/^[\w-]{43}$/) });
    clock.at += 1_000;
    expect(sessions.get(first.id)).toBeUndefined();
    const second = sessions.open(user);
    sessions.close(second.id);
    expect(sessions.get(second.id)).toBeUndefined();
    const third = sessions.open(user);
    for (let more = 0; more < 1_000; more += 1) sessions.open(user);
    expect(sessions.get(third.id)).toBeUndefined();
  });
});
