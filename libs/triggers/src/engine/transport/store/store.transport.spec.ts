import type { TimerRegistry } from '../../../model/timer-registry.js';
import type { Store } from '../../../store/store.service.js';
import { TestClock } from '../../../testing/test-clock.js';
import { SWEEP_MS } from '../table-claims.js';
import { StoreTransport } from './store.transport.js';

describe('StoreTransport', () => {
  /** What a claim finds: how many tasks are ready, and how many slots are free for them. */
  let claims: jest.Mock<Promise<{ claimed: number; slots: number }>>;
  let isIdle: jest.Mock<boolean>;
  let lonersWait: boolean;
  /** The look for tasks that wait to run alone. */
  let look: jest.Mock<Promise<object[]>>;
  let shown: string[];
  let clock: TestClock;
  let transport: StoreTransport;

  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  /** For each claim, whether it asked for a task that must run alone. */
  const asked = (): boolean[] => claims.mock.calls.map(([, { alone }]: [unknown, { alone: boolean }]) => alone);

  const made = (): StoreTransport => {
    const store = { read: look, commits: { submit: claims, claimer: { declared: ['files:h1'], pools: ['gpu'] } } };
    const timers: TimerRegistry = { show: (name) => shown.push(name), hide: () => undefined };
    return new StoreTransport(store as unknown as Store, clock, timers);
  };
  const begun = (): StoreTransport => {
    const transport = made();
    transport.start({ pools: ['default'], concurrency: 2, freeSlots: 2, quiet: () => undefined, isIdle });
    return transport;
  };

  beforeEach(async () => {
    claims = jest.fn(async () => ({ claimed: 0, slots: 2 }));
    isIdle = jest.fn(() => true);
    lonersWait = false;
    clock = new TestClock();
    look = jest.fn(async () => (lonersWait ? [{ waits: 1 }] : []));
    shown = [];
    transport = begun();
    await turns();
    claims.mockClear();
  });

  it('claims when it is woken, and again while as many were ready as slots were free and a slot came free meanwhile', async () => {
    claims.mockImplementationOnce(async () => {
      transport.slotFreed();
      return { claimed: 2, slots: 2 };
    });
    claims.mockImplementationOnce(async () => ({ claimed: 1, slots: 1 }));
    transport.wake(0);
    await turns();
    expect(asked()).toEqual([false, false]);
  });

  it('claims with the next slot that comes free where more may be ready, and with none where nothing is', async () => {
    claims.mockImplementationOnce(async () => ({ claimed: 2, slots: 2 }));
    transport.wake(0);
    await turns();
    transport.slotFreed();
    await turns();
    transport.slotFreed();
    await turns();
    expect(asked()).toEqual([false, false]);
  });

  it.each(['a slot that comes free', 'a task that becomes ready'])(
    'claims with %s at any moment around the end of a claim',
    async (what) => {
      for (let late = 0; late < 10; late += 1) {
        claims.mockClear();
        const slots = what === 'a slot that comes free' ? 1 : 2;
        const answer = Promise.resolve({ claimed: 1, slots });
        claims.mockImplementationOnce(() => answer);
        transport.wake(0);
        for (let turn = 0; turn < late; turn += 1) await Promise.resolve();
        if (what === 'a slot that comes free') transport.slotFreed();
        else transport.wake(0);
        await turns();
        expect([late, claims.mock.calls.length]).toEqual([late, 2]);
      }
    },
  );

  it('claims a task that becomes ready within a second when it does', async () => {
    transport.wake(300);
    await clock.advance(299);
    expect(asked()).toEqual([]);
    await clock.advance(1);
    expect(asked()).toEqual([false]);
  });

  it('claims when another process left tasks ready', async () => {
    transport.noticed();
    await turns();
    expect(asked()).toEqual([false]);
  });

  it('sets no timer for what becomes ready before its start, or after its stop', async () => {
    await transport.stop();
    transport.wake(300);
    made().wake(300);
    expect(clock.timers).toBe(0);
  });

  it('claims what becomes ready before its first look is answered', async () => {
    look.mockImplementationOnce(() => new Promise(() => undefined));
    begun().wake(0);
    await turns();
    expect(asked()).toEqual([false]);
  });

  it('shows its timer by its name', () => {
    expect(new Set(shown)).toEqual(new Set(['triggers:claims']));
  });

  it('gives a claim up that no commit took until the next look, which claims again', async () => {
    claims.mockImplementationOnce(() => Promise.reject(new Error('away')));
    transport.wake(0);
    await clock.settle();
    expect(claims.mock.calls).toMatchObject([[{}, {}, { deadlineMs: SWEEP_MS }]]);
    await clock.advance(SWEEP_MS);
    expect(asked()).toEqual([false, false]);
  });

  it('claims also when it cannot see whether a task waits to run alone', async () => {
    look.mockImplementationOnce(() => Promise.reject(new Error('away')));
    await clock.advance(SWEEP_MS);
    expect(asked()).toEqual([false]);
  });

  it('looks for tasks that wait to run alone among those that its node declares', () => {
    expect(look.mock.calls).toEqual([
      [expect.objectContaining({ name: 'task_waits_alone' }), [['["files:h1"]', '["gpu"]']]],
    ]);
  });

  it('looks by itself every second', async () => {
    await clock.advance(SWEEP_MS - 1);
    expect(asked()).toEqual([]);
    await clock.advance(1);
    await turns();
    expect(asked()).toEqual([false]);
  });

  describe('while a task waits to run alone and others run', () => {
    beforeEach(async () => {
      lonersWait = true;
      let asks = 0;
      // An endless loop of promises would never come back to the test: it is let go after a while.
      isIdle.mockImplementation(() => (asks += 1) > 100);
      await clock.advance(SWEEP_MS);
      await turns();
      isIdle.mockClear();
      claims.mockClear();
      look.mockClear();
    });

    it('claims nothing when one of them ends, and does not ask on and on', async () => {
      transport.slotFreed();
      transport.wake(0);
      await turns();
      expect(asked()).toEqual([]);
      expect(look).not.toHaveBeenCalled();
      expect(isIdle.mock.calls.length).toBeLessThan(5);
    });

    it('looks whether another one waits before it claims more, also where that task ended within its claim', async () => {
      let looked: (waiting: object[]) => void = () => undefined;
      look.mockImplementationOnce(() => new Promise((resolve) => (looked = resolve)));
      isIdle.mockImplementation(() => true);
      claims.mockImplementationOnce(async () => {
        transport.slotFreed();
        return { claimed: 1, slots: 1 };
      });
      transport.wake(0);
      await turns();
      expect(asked()).toEqual([true]);
      looked([]);
      await turns();
      expect(asked()).toEqual([true, false]);
    });

    it('lets the slots of its last tasks go after its end', async () => {
      await transport.stop();
      transport.slotFreed();
      await clock.advance(SWEEP_MS);
      expect([asked(), look.mock.calls]).toEqual([[], []]);
    });

    it('claims that task when the last of them ends, then the others', async () => {
      transport.slotFreed();
      await turns();
      isIdle.mockImplementation(() => true);
      claims.mockImplementationOnce(async () => {
        isIdle.mockImplementation(() => false);
        return { claimed: 1, slots: 1 };
      });
      transport.slotFreed();
      await turns();
      expect(asked()).toEqual([true]);
      lonersWait = false;
      isIdle.mockImplementation(() => true);
      transport.slotFreed();
      await turns();
      expect(asked()).toEqual([true, false]);
    });
  });

  it('claims nothing after its end, also when it had just looked', async () => {
    await clock.advance(SWEEP_MS - 1);
    look.mockImplementationOnce(async () => {
      void transport.stop();
      return [];
    });
    await clock.advance(1);
    await transport.stop();
    transport.wake(0);
    transport.slotFreed();
    await clock.advance(SWEEP_MS);
    expect(asked()).toEqual([]);
  });
});
