import type { Notice } from '../store/notices.js';
import type { Store } from '../store/store.service.js';
import { TestClock } from '../testing/test-clock.js';
import type { Dispatcher } from './dispatcher.service.js';
import { LOOK_EVERY_MS, NoticeListener } from './notice-listener.service.js';
import type { Rescuer } from './rescuer.service.js';
import type { TaskRunner } from './task-runner.service.js';

describe('NoticeListener', () => {
  let clock: TestClock;
  /** What the listener had others do, in order. */
  let did: unknown[];
  let looks: number;
  let look: () => void;
  let hear: (notice: Notice) => void;
  let stopCancelled: jest.Mock<Promise<void>, [Iterable<string>]>;
  let shown: string[];
  let listener: NoticeListener;

  beforeEach(() => {
    clock = new TestClock();
    [did, looks, shown] = [[], 0, []];
    look = () => (looks += 1);
    stopCancelled = jest.fn(async (among) => void did.push(['stop among', ...among]));
    const notices = { listen: (heard: typeof hear) => (hear = heard), look: () => look() };
    listener = new NoticeListener(
      { notices } as unknown as Store,
      clock,
      { show: (name) => shown.push(name), hide: () => undefined },
      { noticed: () => did.push('claim') } as unknown as Dispatcher,
      { executions: () => new Set(['e1', 'e2']) } as unknown as TaskRunner,
      { stopCancelled } as unknown as Rescuer,
    );
    listener.start((notice) => did.push(notice));
  });

  const heard = (notice: object): unknown[] => {
    did = [];
    hear(notice as Notice);
    return did;
  };

  it('claims what is ready, stops bodies that run here and were cancelled, and hands on what concerns triggers', () => {
    expect(heard({ about: 'ready' })).toEqual(['claim']);
    expect(heard({ about: 'execution', id: 'e2' })).toEqual([['stop among', 'e2']]);
    expect(heard({ about: 'execution', id: 'e3' })).toEqual([]);
    expect(heard({ about: 'trigger', name: 'inbox' })).toEqual([{ about: 'trigger', name: 'inbox' }]);
  });

  it('looks at everything where nobody knows what has changed', () => {
    expect(heard({ about: 'anything' })).toEqual(['claim', ['stop among', 'e1', 'e2'], { about: 'anything' }]);
  });

  it('leaves what it cannot read to the next renewal', async () => {
    stopCancelled.mockRejectedValueOnce(new Error('away'));
    hear({ about: 'anything' });
    await clock.settle();
    expect(stopCancelled).toHaveBeenCalledTimes(1);
  });

  it('looks every second for what does not come by itself, by a timer with a name', async () => {
    await clock.advance(LOOK_EVERY_MS - 1);
    expect(looks).toBe(0);
    await clock.advance(1 + 2 * LOOK_EVERY_MS);
    expect([looks, new Set(shown)]).toEqual([3, new Set(['triggers:notices'])]);
  });

  it('looks no more after a stop that comes during a look', async () => {
    look = () => listener.stop();
    await clock.advance(LOOK_EVERY_MS);
    expect(clock.timers).toBe(0);
  });

  it('hears and looks no more after its stop, and again after its next start', async () => {
    listener.stop();
    await clock.advance(2 * LOOK_EVERY_MS);
    expect([heard({ about: 'ready' }), looks, clock.timers]).toEqual([[], 0, 0]);
    listener.start((notice) => did.push(notice));
    expect(heard({ about: 'trigger', name: 'inbox' })).toEqual([{ about: 'trigger', name: 'inbox' }]);
    await clock.advance(LOOK_EVERY_MS);
    expect(looks).toBe(1);
  });
});
