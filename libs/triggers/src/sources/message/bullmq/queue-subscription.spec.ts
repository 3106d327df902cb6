import { Queue } from 'bullmq';
import type { JobsOptions } from 'bullmq';
import { describeWithRedis, useRedis } from '../../../../../../test/support/redis.js';
import { until } from '../../../../../../test/support/until.js';
import { ACK, redeliver } from '../message-source.js';
import type { Settlement } from '../message-source.js';
import { TAKE_OVER_AFTER } from '../broker-kit.contract.js';
import { Listener, newName } from '../listener.contract.js';
import { bullMqQueue } from './bullmq-queue.js';
import type { BullMqQueueOptions } from './bullmq-queue.options.js';

describeWithRedis('a BullMQ queue', () => {
  const redis = useRedis();
  const open: Listener[] = [];
  let name: string;
  let queue: Queue;

  beforeEach(() => {
    name = newName();
    queue = new Queue(name, { connection: { port: redis().port } });
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await queue.close();
  });

  const listen = async (answer: () => Settlement = () => ACK, options: Partial<BullMqQueueOptions> = {}) => {
    const connection = { port: redis().port };
    const source = bullMqQueue({ queue: name, connection, takeOverAfter: TAKE_OVER_AFTER, ...options });
    await source.open?.();
    const listener = new Listener(source, answer);
    open.push(listener);
    return listener;
  };
  const add = async (n: number, options: JobsOptions = {}): Promise<{ id: string; timestamp: number }> => {
    const { id = '', timestamp } = await queue.add('number', { n }, options);
    return { id, timestamp };
  };
  const heard = (listener: Listener, count: number): Promise<unknown> =>
    until(() => listener.heard.length >= count, `${count} are heard`);

  it('knows a job by the id that was chosen, and by number and time where BullMQ has counted', async () => {
    const listener = await listen();
    const counted = await add(1);
    await add(2, { jobId: 'order-2' });
    await heard(listener, 2);
    expect(listener.heard.map(({ id, n }) => [n, id]).sort()).toEqual([
      [1, `1@${counted.timestamp}`],
      [2, 'order-2'],
    ]);
    expect(listener.heard[0]).toMatchObject({ headers: { name: 'number' }, sentAt: new Date(counted.timestamp) });
  });

  it('takes new jobs for new ones, although the queue was emptied and counts from 1 again', async () => {
    const listener = await listen();
    await add(1);
    await heard(listener, 1);
    await queue.obliterate({ force: true });
    await until(async () => (await queue.getJobCounts())['active'] === 0, 'it is empty');
    await add(2);
    await heard(listener, 2);
    expect(new Set(listener.heard.map(({ id }) => id)).size).toBe(2);
  });

  it('fails no job and spends none of its attempts, however often it comes again', async () => {
    let times = 0;
    const listener = await listen(() => ((times += 1) < 4 ? redeliver(10) : ACK));
    const { id } = await add(1, { attempts: 1 });
    await heard(listener, 4);
    await until(async () => (await queue.getJobCounts())['completed'] === 1, 'it is completed');
    const job = await queue.getJob(id);
    expect([job?.attemptsMade, job?.attemptsStarted, await queue.getJobCountByTypes('failed')]).toEqual([1, 4, 0]);
  });

  it('leaves no completed job where whoever added it said so', async () => {
    const listener = await listen();
    await add(1, { removeOnComplete: true });
    await add(2);
    await heard(listener, 2);
    await until(async () => (await queue.getJobCounts())['completed'] === 1, 'one is left');
  });

  it('reads the queue of that prefix', async () => {
    const other = new Queue(name, { prefix: 'other', connection: { port: redis().port } });
    const listener = await listen(() => ACK, { prefix: 'other' });
    await other.add('number', { n: 7 });
    await heard(listener, 1);
    expect(listener.numbers).toEqual([7]);
    await other.close();
  });
});

describe('the options of bullMqQueue()', () => {
  const given = { queue: 'q', connection: 'redis://me:s3cret@redis' };

  it.each([
    ['no queue', { queue: '' }, /"queue" is not a text/],
    ['a queue that BullMQ refuses', { queue: 'a:b' }, /"queue" has a ":"/],
    ['no time to come back', { takeOverAfter: '10ms' }, /"takeOverAfter" is shorter than a second/],
    ['no connection', { connection: undefined }, /"connection" is missing/],
  ])('refuse %s, and repeat no password', async (_, options, message) => {
    const source = bullMqQueue({ ...given, ...options } as BullMqQueueOptions);
    const error: unknown = await source.open?.().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'TRG_DEF_INVALID_OPTION', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('s3cret');
  });

  it('name the queue, with its prefix where it has another one', () => {
    expect(bullMqQueue(given).name).toBe('BullMQ queue "q"');
    expect(bullMqQueue({ ...given, prefix: 'shop' }).name).toBe('BullMQ queue "shop:q"');
  });
});
