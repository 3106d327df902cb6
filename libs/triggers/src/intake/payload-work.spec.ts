import { EventBus } from '../model/events.js';
import { TestClock } from '../testing/test-clock.js';
import { MAX_STALLED, PayloadWork } from './payload-work.js';

const TIMEOUT_MS = 10_000;
const MAX_WAITED = 48;
const trigger = (timeoutMs = TIMEOUT_MS): { readonly name: string; readonly timeoutMs: number } => ({
  name: 'inbox',
  timeoutMs,
});

describe('what the code of triggers does with payloads', () => {
  const clock = new TestClock();
  const ends: (() => void)[] = [];
  const hang = (): Promise<string> => new Promise((resolve) => ends.push(() => resolve('done')));
  const done = (): Promise<string> => Promise.resolve('done');
  let events: EventBus;
  let work: PayloadWork;
  const run = (one: ReturnType<typeof trigger>, what: () => Promise<string>): Promise<string> =>
    work.run(one, what, (why) => why);

  beforeEach(() => {
    events = new EventBus(
      () => clock.now(),
      () => undefined,
    );
    work = new PayloadWork(clock, events, MAX_WAITED);
  });
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  it('is waited for up to a number, trigger by trigger; a place is free when it ends or throws', async () => {
    const [one, other] = [trigger(), trigger()];
    const held = Array.from({ length: MAX_WAITED }, () => run(one, hang));
    expect(await run(one, done)).toBe('full');
    expect(await run(other, done)).toBe('done');

    ends.shift()?.();
    expect(await held[0]).toBe('done');
    await expect(run(one, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await run(one, done)).toBe('done');
  });

  it('gives its place back when it is given up, until too much of it still goes on', async () => {
    const one = trigger();
    const runsOnce = async (count: number): Promise<unknown> => {
      const held = Array.from({ length: count }, () => run(one, hang));
      await clock.advance(TIMEOUT_MS);
      return new Set(await Promise.all(held));
    };
    for (let left = MAX_STALLED; left > 0; left -= MAX_WAITED)
      expect(await runsOnce(Math.min(left, MAX_WAITED))).toEqual(new Set(['late']));
    expect(await run(one, done)).toBe('full');
    await expect(work.inTime(one, done)).rejects.toMatchObject({
      code: 'TRG_TRIGGER_TIMEOUT',
      message: expect.stringContaining(`${MAX_STALLED} calls`),
    });
    ends.shift()?.();
    await clock.settle();
    expect(await run(one, done)).toBe('done');
  });

  it('is told when nobody waits for it any more, and everybody else that it still goes on', async () => {
    const stalled: unknown[] = [];
    events.subscribe(({ trigger: name, timeoutMs }) => void stalled.push([name, timeoutMs]), ['trigger.stalled']);
    const over: boolean[] = [];
    const late = work.run(
      trigger(),
      async (isOver) => {
        over.push(isOver());
        await hang();
        over.push(isOver());
      },
      (why) => why,
    );
    await clock.advance(TIMEOUT_MS);
    expect([await late, stalled]).toEqual(['late', [['inbox', TIMEOUT_MS]]]);
    ends.shift()?.();
    await clock.settle();
    expect(over).toEqual([false, true]);
  });

  it('is an error for whoever can try again, and never waited for longer than a minute', async () => {
    const held = work.inTime(trigger(300_000), hang);
    const refused = expect(held).rejects.toMatchObject({
      code: 'TRG_TRIGGER_TIMEOUT',
      message: expect.stringContaining('Trigger "inbox": its code did not end within 1m'),
    });
    await clock.advance(60_000);
    await refused;
    expect(await work.inTime(trigger(), done)).toBe('done');
  });
});
