import { Redis } from 'ioredis';
import { describeWithRedis, useRedis } from '../../../../../../test/support/redis.js';
import { until } from '../../../../../../test/support/until.js';
import { ACK, redeliver } from '../message-source.js';
import type { Settlement } from '../message-source.js';
import { TAKE_OVER_AFTER } from '../broker-kit.contract.js';
import { Listener, newName } from '../listener.contract.js';
import { redisStream } from './redis-stream.js';
import { DEFAULT_REDIS_STREAM_OPTIONS } from './redis-stream.options.js';
import type { RedisStreamOptions } from './redis-stream.options.js';

describeWithRedis('a Redis stream', () => {
  const redis = useRedis();
  const open: Listener[] = [];
  let client: Redis;
  let stream: string;

  beforeEach(() => {
    client = new Redis(redis().port);
    stream = newName();
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    client.disconnect();
  });

  const listen = async (
    options: Partial<RedisStreamOptions> = {},
    answer: () => Settlement | Promise<Settlement> = () => ACK,
  ): Promise<Listener> => {
    const connection = `redis://127.0.0.1:${redis().port}`;
    const source = redisStream({ stream, group: 'g', connection, takeOverAfter: TAKE_OVER_AFTER, ...options });
    await source.open?.();
    const listener = new Listener(source, answer);
    open.push(listener);
    return listener;
  };
  const heard = (listener: Listener, count: number): Promise<unknown> =>
    until(() => listener.heard.length >= count, `${count} are heard`);
  const add = (n: number): Promise<unknown> => client.xadd(stream, '*', 'n', String(n));
  const consumers = async (): Promise<string[]> => {
    const rows = (await client.xinfo('CONSUMERS', stream, 'g')) as string[][];
    return rows.map((row) => row[row.indexOf('name') + 1] ?? '');
  };

  it('hands over all fields of an entry as texts, where no field holds the body', async () => {
    await client.xadd(stream, '5-1', 'n', '7', 'who', 'me');
    const listener = await listen();
    await heard(listener, 1);
    expect(listener.heard).toMatchObject([
      { id: '5-1', body: { json: { n: '7', who: 'me' } }, headers: {}, sentAt: new Date(5) },
    ]);
  });

  it('hands over one field as the body and the others as headers', async () => {
    await client.xadd(stream, '5-1', 'shop', '3', 'data', '{"n":7}');
    const listener = await listen({ body: 'data' });
    await heard(listener, 1);
    expect(listener.heard).toMatchObject([{ body: { text: '{"n":7}' }, headers: { shop: '3' } }]);
  });

  it('says of an entry without that field what is wrong, and keeps what there is', async () => {
    await client.xadd(stream, '5-1', 'n', '3');
    const listener = await listen({ body: 'data' });
    await heard(listener, 1);
    expect(listener.heard[0]?.body).toEqual({ text: '{"n":"3"}', unreadable: 'The entry has no field "data".' });
  });

  it('begins with the oldest entry, or the next one where that is asked for', async () => {
    await add(1);
    const all = await listen();
    const next = await listen({ group: 'h', startFrom: 'next' });
    await heard(all, 1);
    await until(() => next.back === 1, 'the other is connected');
    await until(async () => ((await client.xinfo('GROUPS', stream)) as unknown[]).length === 2, 'both groups stand');
    await add(2);
    await heard(next, 1);
    await heard(all, 2);
    expect([all.numbers, next.numbers]).toEqual([[1, 2], [2]]);
  });

  it('makes the group again that somebody deletes, and the stream', async () => {
    const listener = await listen();
    await add(1);
    await heard(listener, 1);
    await client.xgroup('DESTROY', stream, 'g');
    await add(2);
    // The whole stream comes again; ids tell which of it is known.
    await until(() => listener.numbers.includes(2), 'it hears what came after');
    await client.del(stream);
    await add(3);
    await until(() => listener.numbers.includes(3), 'it hears the new stream');
    expect(listener.away).toBe(0);
  });

  it('goes on when an entry is deleted that is to come again', async () => {
    const listener = await listen({}, () => redeliver(50));
    const id = String(await add(1));
    await heard(listener, 1);
    await client.xdel(stream, id);
    await add(2);
    await until(() => listener.numbers.filter((n) => n === 2).length >= 3, 'the other comes again');
    await until(
      async () => ((await client.xpending(stream, 'g')) as [number])[0] === 1,
      'the deleted one is not pending any more',
    );
  });

  it('says what Redis refuses, and works again when it does not', async () => {
    await client.set(stream, 'no stream');
    const listener = await listen();
    await until(() => listener.away === 1, 'it is told');
    await client.del(stream);
    await add(1);
    await heard(listener, 1);
    expect(listener.back).toBe(2);
  });

  it('leaves the group when it ends, unless it has something in hand', async () => {
    const [idle, busy] = [await listen(), await listen({}, () => new Promise(() => undefined))];
    await until(() => idle.back + busy.back === 2, 'both are connected');
    await until(async () => {
      await add(1);
      return busy.inHand > 0;
    }, 'one has something in hand');
    await idle.close();
    const [left, ...others] = await consumers();
    expect([left, others]).toEqual([expect.stringMatching(/^nestjs-triggers:/), []]);
    await busy.close();
    expect(await consumers()).toEqual([left]);
    const heir = await listen();
    await until(() => heir.heard.length >= busy.heard.length, 'another has taken it over');
  });

  it('keeps the name that the author gave it', async () => {
    const listener = await listen({ consumer: 'one' });
    await add(1);
    await heard(listener, 1);
    await listener.close();
    expect(await consumers()).toEqual(['one']);
  });
});

describe('the options of redisStream()', () => {
  const given = { stream: 's', group: 'g', connection: 'redis://me:s3cret@redis' };
  const refusal = async (options: object): Promise<unknown> =>
    redisStream({ ...given, ...options })
      .open?.()
      .catch((error: unknown) => error);

  it.each([
    ['no stream', { stream: '' }, /"stream" is not a text/],
    ['no group', { group: undefined }, /"group" is not a text/],
    ['a consumer without a name', { consumer: '' }, /"consumer" is not a text/],
    ['another start', { startFrom: 'yesterday' }, /"startFrom" is neither "oldest" nor "next"/],
    ['no time to come back', { takeOverAfter: '10ms' }, /"takeOverAfter" is shorter than a second/],
    ['another kind of URL', { connection: 'http://me:s3cret@redis' }, /"connection" is no URL/],
  ])('refuse %s, and repeat no password', async (_, options, message) => {
    const error = await refusal(options);
    expect(error).toMatchObject({ code: 'TRG_DEF_INVALID_OPTION', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('s3cret');
  });

  it('have defaults', () => {
    expect(DEFAULT_REDIS_STREAM_OPTIONS).toEqual({ startFrom: 'oldest', takeOverAfter: '30s' });
  });
});
