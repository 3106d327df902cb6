import type { Redis } from 'ioredis';
import type { ReadyTask } from '../../../store/claimer.js';
import type { BullMqPackages } from '../../../redis/redis-packages.js';
import { MAX_UNTOLD, ReadyMessages, bullPriority } from './ready-messages.js';
import type { RedisLink } from './redis-link.js';

interface Told {
  readonly name: string;
  readonly data: object;
  readonly opts: { readonly jobId: string; readonly delay: number; readonly priority: number };
}

const ID = '019a0000-0000-7000-8000-000000000001';
const task = (given: Partial<ReadyTask> = {}): ReadyTask =>
  ({ id: ID, executionId: 'e', task: 'a', pool: 'default', priority: 0, inMs: 0, ...given }) as ReadyTask;

describe('ReadyMessages', () => {
  let addBulk: jest.Mock<Promise<void>, [Told[]]>;
  let link: { telling: Redis | undefined; worked: jest.Mock; failed: jest.Mock };
  let made: { on: jest.Mock; addBulk: jest.Mock; close: jest.Mock }[];
  let queues: string[];
  /** What each queue was made with. */
  let options: object[];
  let messages: ReadyMessages;

  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const told = (): Told[] => addBulk.mock.calls.flatMap(([jobs]) => jobs);

  beforeEach(() => {
    addBulk = jest.fn(async (_told: Told[]) => undefined);
    made = [];
    link = { telling: {} as Redis, worked: jest.fn(), failed: jest.fn() };
    queues = [];
    options = [];
    const Queue = jest.fn((name: string, given: object) => {
      queues.push(name);
      options.push(given);
      const queue = { on: jest.fn(), addBulk, close: jest.fn(async () => undefined) };
      made.push(queue);
      return queue;
    });
    const bullmq = { Queue } as unknown as BullMqPackages['bullmq'];
    messages = new ReadyMessages('triggers', link as unknown as RedisLink, bullmq);
  });

  it('tells what commits of one turn left ready at once, with ids and nothing else', async () => {
    messages.tell([task({ inMs: 500 })]);
    messages.tell([task({ task: 'b', priority: 2 })]);
    await turns();
    expect(addBulk).toHaveBeenCalledTimes(1);
    expect(told().map(({ data }) => data)).toEqual([
      { executionId: 'e', task: 'a' },
      { executionId: 'e', task: 'b' },
    ]);
    expect(told()[0]).toMatchObject({
      name: 'ready',
      opts: { delay: 510, removeOnComplete: true, removeOnFail: true },
    });
    expect(told()[1]?.opts.delay).toBe(0);
  });

  it('tells over the connection for telling, keeps little of what happens, and bears what BullMQ complains about', async () => {
    messages.tell([task()]);
    await turns();
    const streams = { events: { maxLen: 100 } };
    expect(options).toEqual([{ connection: link.telling, streams, skipVersionCheck: true }]);
    expect(made[0]?.on.mock.calls).toEqual([['error', expect.any(Function)]]);
  });

  it('tells each pool by a queue of its own', async () => {
    messages.tell([task(), task({ pool: 'gpu', task: 'b' }), task({ task: 'c' })]);
    messages.tell([task({ pool: 'gpu', task: 'd' })]);
    await turns();
    expect(queues).toEqual(['triggers-default', 'triggers-gpu']);
    const tasks = addBulk.mock.calls.map(([jobs]) => jobs.map(({ data }) => (data as { task: string }).task));
    expect(tasks).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
  });

  it('gives each message of a task an id of its own, in a form that BullMQ takes', async () => {
    messages.tell([task(), task()]);
    messages.tell([task()]);
    await turns();
    const ids = told().map(({ opts }) => opts.jobId);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(new RegExp(`^${ID}_[0-9a-z]+$`));
  });

  it('asks BullMQ for the order that we mean, within its bounds', () => {
    const wanted = [Number.MAX_SAFE_INTEGER, 7, 1, 0, -1, -7, Number.MIN_SAFE_INTEGER];
    const given = wanted.map(bullPriority);
    expect([...given].sort((a, b) => a - b)).toEqual(given);
    expect(new Set(given.slice(1, -1)).size).toBe(5);
    expect([given[0], given.at(-1)]).toEqual([1, 2_097_151]);
  });

  it('has one call on its way and drops what is too much, however slow Redis is', async () => {
    let answer = (): void => undefined;
    addBulk.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
    messages.tell(Array.from({ length: 500 }, () => task()));
    await turns();
    for (let times = 0; times < 4; times += 1) messages.tell(Array.from({ length: MAX_UNTOLD / 2 }, () => task()));
    await turns();
    expect(addBulk.mock.calls.map(([jobs]) => jobs.length)).toEqual([500]);
    addBulk.mockImplementation(async () => undefined);
    answer();
    await turns();
    expect(told()).toHaveLength(500 + MAX_UNTOLD);
    expect(Math.max(...addBulk.mock.calls.map(([jobs]) => jobs.length))).toBe(500);
  });

  it('tells nothing while Redis is away, nor afterwards what it dropped then', async () => {
    const { telling } = link;
    link.telling = undefined;
    messages.tell([task()]);
    await turns();
    link.telling = telling;
    messages.tell([task({ task: 'b' })]);
    await turns();
    expect(told().map(({ data }) => data)).toEqual([{ executionId: 'e', task: 'b' }]);
  });

  it('says that Redis refused it, and begins anew with the next', async () => {
    const error = new Error('OOM');
    addBulk.mockRejectedValueOnce(error);
    messages.tell([task()]);
    await turns();
    expect(link.failed.mock.calls).toEqual([[error]]);
    expect(made[0]?.close).toHaveBeenCalledTimes(1);
    messages.tell([task()]);
    await turns();
    expect(made).toHaveLength(2);
    expect(link.worked).toHaveBeenCalledTimes(1);
  });

  it('tells what waits before it closes', async () => {
    messages.tell([task()]);
    await messages.close();
    expect(told()).toHaveLength(1);
    expect(made[0]?.close).toHaveBeenCalledTimes(1);
  });
});
