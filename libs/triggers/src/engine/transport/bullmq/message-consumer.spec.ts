import { TriggersError } from '../../../model/errors.js';
import type { ClaimedTask } from '../../../store/claimer.js';
import type { MessageItem, MessageOutcome } from '../../../store/commits/claim-messages.commit.js';
import { CLAIM_MESSAGES } from '../../../store/commits/claim-messages.commit.js';
import type { Store } from '../../../store/store.service.js';
import { TestClock } from '../../../testing/test-clock.js';
import { SWEEP_MS } from '../table-claims.js';
import { MessageConsumer } from './message-consumer.js';
import { FakePackages } from './packages.contract.js';
import type { FakeConsumer } from './packages.contract.js';
import type { RedisLink } from './redis-link.js';

const ID = '019a0000-0000-7000-8000-000000000001';
const HOLD_MS = 100;
const RESUME_EVERY_MS = 20;

type Options = { readonly deadlineMs: number; readonly onCommitted: (outcome: MessageOutcome) => void };

const message = (task: string): object => ({ executionId: ID, task });
const claimed = (task: string): ClaimedTask => ({ facts: { executionId: ID }, task }) as unknown as ClaimedTask;

describe('MessageConsumer', () => {
  let clock: TestClock;
  let fakes: FakePackages;
  let worker: FakeConsumer;
  let link: { hearing: object; isAway: boolean };
  /** What becomes of each claim; the last for all that follow. */
  let outcomes: (MessageOutcome | Error | Promise<MessageOutcome>)[];
  let submit: jest.Mock<Promise<MessageOutcome>, [unknown, MessageItem, Options]>;
  let freeSlots: number;
  let consumer: MessageConsumer;
  /** Messages of which BullMQ was told that they are done, and what it was told instead. */
  let ended: unknown[];

  const claims = (): string[] => submit.mock.calls.map(([, { task }]) => task);
  const start = (): void => {
    const host = { pools: ['default'], concurrency: 4, quiet: () => undefined, isIdle: () => true };
    consumer.start({
      ...host,
      get freeSlots() {
        return freeSlots;
      },
    });
    worker = fakes.workers.at(-1) as FakeConsumer;
  };
  /** BullMQ hands a message over. */
  const hear = (task: string, job = {}): void => {
    worker.hear(message(task), job).then(
      () => ended.push(task),
      (error: unknown) => ended.push(error),
    );
  };

  beforeEach(() => {
    clock = new TestClock();
    fakes = new FakePackages();
    link = { hearing: { which: 'hearing' }, isAway: false };
    [outcomes, ended, freeSlots] = [['claimed'], [], 0];
    submit = jest.fn(async (_kind, _item, { onCommitted }) => {
      const next = await (outcomes.length > 1 ? outcomes.shift() : outcomes[0]);
      if (next instanceof Error) throw next;
      onCommitted(next as MessageOutcome);
      return next as MessageOutcome;
    });
    consumer = new MessageConsumer(
      'triggers-gpu',
      { commits: { submit } } as unknown as Store,
      clock,
      link as unknown as RedisLink,
      fakes.packages.bullmq,
    );
    start();
  });

  it('hears the queue of its pool, as many messages at once as its node has slots, and keeps nothing of them', () => {
    expect([worker.name, worker.options]).toEqual([
      'triggers-gpu',
      {
        connection: link.hearing,
        concurrency: 4,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        maxStalledCount: 1_000,
        runRetryDelay: 1_000,
      },
    ]);
  });

  it('claims what a message names, and is done with it when the body of that task has left its slot', async () => {
    hear('a');
    hear('b');
    await clock.settle();
    expect(submit.mock.calls.map(([kind, item, options]) => [kind, item, options])).toMatchObject([
      [CLAIM_MESSAGES, { executionId: ID, task: 'a' }, { deadlineMs: SWEEP_MS }],
      [CLAIM_MESSAGES, { executionId: ID, task: 'b' }, { deadlineMs: SWEEP_MS }],
    ]);
    expect(ended).toEqual([]);
    consumer.slotFreed(claimed('b'));
    await clock.settle();
    expect(ended).toEqual(['b']);
    consumer.slotFreed(claimed('other'));
    consumer.slotFreed(claimed('a'));
    await clock.settle();
    expect(ended).toEqual(['b', 'a']);
  });

  it('is done with a message whose task ends in the turn of its commit', async () => {
    submit.mockImplementationOnce(async (_kind, _item, { onCommitted }) => {
      onCommitted('claimed');
      consumer.slotFreed(claimed('a'));
      return 'claimed';
    });
    hear('a');
    await clock.settle();
    expect(ended).toEqual(['a']);
  });

  it('is done at once with a message whose task it does not get', async () => {
    outcomes = ['refused'];
    hear('a');
    await clock.settle();
    expect([claims(), ended, worker.did]).toEqual([['a'], ['a'], []]);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['nothing at all', undefined],
    ['a text', 'text'],
    ['no execution', { task: 'a' }],
    ['an execution that is no text', { executionId: 7, task: 'a' }],
    ['an execution that is no id', { executionId: 'e1', task: 'a' }],
    ['an execution that is a list', { executionId: [ID], task: 'a' }],
    ['no task', { executionId: ID }],
    ['a task that is no text', { executionId: ID, task: { a: 1 } }],
  ])('drops a message that names %s', async (_what, data) => {
    await worker.hear(data);
    expect(claims()).toEqual([]);
  });

  it('knows whether its queue was empty when it was last asked', async () => {
    expect(consumer.isDrained).toBe(false);
    worker.emit('drained');
    expect(consumer.isDrained).toBe(true);
    await worker.hear(null);
    expect(consumer.isDrained).toBe(false);
    worker.emit('drained');
    start();
    expect(consumer.isDrained).toBe(false);
  });

  it('takes no notice of what BullMQ complains about', () => {
    expect(() => worker.emit('error', new Error('lock'))).not.toThrow();
  });

  describe('with a message that finds no slot', () => {
    let moved: unknown[];
    let now: jest.SpyInstance;
    const job = { moveToDelayed: async (...given: unknown[]) => void moved.push(given) };

    beforeEach(async () => {
      moved = [];
      now = jest.spyOn(Date, 'now').mockReturnValue(5_000);
      outcomes = ['full'];
      hear('a', job);
      await clock.settle();
    });
    afterEach(() => now.mockRestore());

    it('gives it back for others after a moment, to be seen by them at once, and fetches nothing meanwhile', async () => {
      await clock.advance(HOLD_MS - 1);
      expect([claims(), ended, moved]).toEqual([['a'], [], []]);
      await clock.advance(1);
      expect(moved).toEqual([[5_010, 'token']]);
      expect(ended).toEqual([expect.any(fakes.packages.bullmq.DelayedError)]);
      expect([worker.did, worker.paused, clock.timers]).toEqual([['pauses'], true, 0]);
    });

    it('fetches again at once if a slot has become free while it gave it back', async () => {
      freeSlots = 1;
      await clock.advance(HOLD_MS);
      expect([worker.did, worker.paused]).toEqual([['pauses', 'resumes'], false]);
    });

    it('claims it with the next slot that becomes free', async () => {
      outcomes = ['claimed'];
      consumer.slotFreed(claimed('other'));
      await clock.settle();
      expect([claims(), moved, clock.timers]).toEqual([['a', 'a'], [], 0]);
      consumer.slotFreed(claimed('a'));
      await clock.settle();
      expect(ended).toEqual(['a']);
    });

    it('waits on where the slot was taken by what followed, for the rest of that moment', async () => {
      await clock.advance(60);
      consumer.slotFreed(claimed('other'));
      await clock.advance(HOLD_MS - 61);
      expect([claims(), moved]).toEqual([['a', 'a'], []]);
      await clock.advance(1);
      expect([claims().length, moved.length]).toEqual([2, 1]);
    });

    it('wakes one of those that wait with each slot', async () => {
      hear('b', job);
      await clock.settle();
      outcomes = ['claimed'];
      consumer.slotFreed(claimed('other'));
      await clock.settle();
      expect(claims()).toEqual(['a', 'b', 'a']);
      consumer.slotFreed(claimed('other'));
      await clock.settle();
      expect(claims()).toEqual(['a', 'b', 'a', 'b']);
    });

    it('gives it back at once where the claim itself took that moment', async () => {
      let answer: (outcome: MessageOutcome) => void = () => undefined;
      outcomes = [new Promise((resolve) => (answer = resolve))];
      hear('b', job);
      await clock.advance(HOLD_MS);
      moved = [];
      answer('full');
      await clock.settle();
      expect(moved).toHaveLength(1);
    });

    it('hands the slot on to the next that waits where it was not needed', async () => {
      hear('b', job);
      hear('c', job);
      await clock.settle();
      outcomes = ['refused', 'claimed'];
      consumer.slotFreed(claimed('other'));
      await clock.settle();
      expect([claims(), ended]).toEqual([['a', 'b', 'c', 'a', 'b'], ['a']]);
    });

    it('lets a slot that comes free later go to those that still wait', async () => {
      await clock.advance(50);
      hear('b', job);
      await clock.advance(50);
      expect(moved).toHaveLength(1);
      outcomes = ['claimed'];
      consumer.slotFreed(claimed('other'));
      await clock.settle();
      expect(claims()).toEqual(['a', 'b', 'b']);
    });

    it('gives it back at once when it stops', async () => {
      freeSlots = 1;
      await consumer.stop();
      await clock.settle();
      expect([claims(), moved.length, ended]).toEqual([['a'], 1, [expect.any(fakes.packages.bullmq.DelayedError)]]);
      expect([worker.did, clock.timers]).toEqual([['closes', 'lets go at once'], 0]);
    });
  });

  it('keeps a message back while the database is away, and drops one that it cannot read', async () => {
    outcomes = [new TriggersError('TRG_STORE_UNAVAILABLE', 'away'), 'claimed'];
    hear('a', { moveToDelayed: () => undefined });
    await clock.settle();
    consumer.slotFreed(claimed('other'));
    await clock.settle();
    expect([claims(), ended]).toEqual([['a', 'a'], []]);
    outcomes = [new Error('invalid byte sequence')];
    hear('b');
    await clock.settle();
    expect(ended).toEqual(['b']);
  });

  describe('fetches as many messages as there are slots for', () => {
    it.each([
      { spare: 0, concurrency: 1 },
      { spare: 1, concurrency: 1 },
      { spare: 3, concurrency: 3 },
      { spare: 9, concurrency: 4 },
    ])('where nothing runs because of one: $concurrency of $spare', ({ spare, concurrency }) => {
      consumer.fit(spare);
      expect(worker.concurrency).toBe(concurrency);
    });

    it('besides those that are being claimed, and those whose tasks run', async () => {
      outcomes = ['claimed', 'refused', new Promise(() => undefined)];
      hear('a');
      await clock.settle();
      consumer.fit(1);
      expect(worker.concurrency).toBe(2);
      hear('b');
      await clock.settle();
      consumer.fit(1);
      expect(worker.concurrency).toBe(2);
      hear('c');
      await clock.settle();
      consumer.fit(1);
      expect(worker.concurrency).toBe(3);
      consumer.slotFreed(claimed('a'));
      consumer.fit(1);
      expect(worker.concurrency).toBe(2);
    });

    it('and wakes BullMQ, which sleeps where all that it might have is here', async () => {
      consumer.fit(1);
      hear('a');
      await clock.settle();
      consumer.fit(0);
      expect(worker.did).toEqual([]);
      consumer.fit(1);
      expect([worker.did, worker.concurrency]).toEqual([['pauses', 'resumes'], 2]);
      consumer.fit(1);
      await clock.advance(RESUME_EVERY_MS);
      expect(worker.did).toEqual(['pauses', 'resumes']);
    });

    it('and wakes it at most every 20 ms, the last time included', async () => {
      worker.paused = true;
      consumer.fit(1);
      expect(worker.did).toEqual(['resumes']);
      await clock.advance(5);
      for (let times = 0; times < 3; times += 1) {
        worker.paused = true;
        consumer.fit(1);
      }
      expect(clock.timers).toBe(1);
      await clock.advance(RESUME_EVERY_MS - 6);
      expect(worker.did).toEqual(['resumes']);
      await clock.advance(1);
      expect([worker.did, clock.timers]).toEqual([['resumes', 'resumes'], 0]);
      await clock.advance(RESUME_EVERY_MS);
      worker.paused = true;
      consumer.fit(1);
      expect(worker.did).toHaveLength(3);
    });

    it('and leaves it asleep while there is no slot', () => {
      worker.paused = true;
      consumer.fit(0);
      expect(worker.did).toEqual([]);
    });
  });

  describe('when it stops', () => {
    it('is done with all that runs, closes, and hears and fits nothing more', async () => {
      hear('a');
      await clock.settle();
      worker.paused = true;
      consumer.fit(1);
      worker.paused = true;
      consumer.fit(1);
      worker.did.length = 0;
      await consumer.stop();
      expect([ended, worker.did, clock.timers]).toEqual([['a'], ['closes', 'lets go at once'], 0]);
      consumer.fit(3);
      consumer.slotFreed(claimed('a'));
      await consumer.stop();
      await clock.advance(RESUME_EVERY_MS);
      expect(worker.did).toEqual(['closes', 'lets go at once']);
    });

    it('lets go at once of a Redis that is away, and waits a second for one that does not answer', async () => {
      link.isAway = true;
      worker.closing = new Promise(() => undefined);
      const stopped = consumer.stop();
      await clock.advance(999);
      expect(worker.did).toEqual(['closes at once']);
      await clock.advance(1);
      await stopped;
      expect(worker.did).toEqual(['closes at once', 'lets go at once']);
    });

    it('wakes BullMQ again after its next start', async () => {
      worker.paused = true;
      consumer.fit(1);
      worker.paused = true;
      consumer.fit(1);
      await consumer.stop();
      start();
      worker.paused = true;
      consumer.fit(1);
      await clock.advance(RESUME_EVERY_MS);
      expect(worker.did).toEqual(['resumes']);
    });

    it('stops without having begun', async () => {
      const idle = new MessageConsumer('q', {} as Store, clock, link as unknown as RedisLink, fakes.packages.bullmq);
      idle.fit(1);
      await expect(idle.stop()).resolves.toBeUndefined();
    });
  });
});
